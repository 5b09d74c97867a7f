"""Amazon SQS, standard and FIFO: the worker's side. One update a message.

Connecting and batches of requests are in ``sqs_client``; sending and the dead letters in
``sqs_admin``.
"""

from collections.abc import Sequence

import anyio

from batcher.queues.batching import RequestBatcher
from batcher.queues.sqs_client import BATCH, SqsClient, message_of
from batcher.records import Message
from batcher.task_groups import open_task_group

# seconds of a long poll: a receive that is cancelled is waited for, to give back what it borrowed
LONGEST_WAIT = 5
PATIENCE = 2.0  # seconds beyond that
# seconds for any other request, its repetitions included: a worker that stops waits for it
ANSWER_WITHIN = 5.0


class SqsQueue:
    """A queue of SQS as ports.Queue. Use inside ``async with`` of its client.

    ``lease``: whole seconds of visibility timeout, renewed by ``extend``. ``wait``: whole seconds
    of a long poll. ``answer_within``: seconds after which any other request counts as not answered.
    """

    def __init__(
        self,
        client: SqsClient,
        *,
        lease: int = 60,
        wait: int = LONGEST_WAIT,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._client = client
        self._lease = lease
        self._wait = wait
        self._answer_within = answer_within
        self._deletes = RequestBatcher(self._delete, BATCH)
        self._visibilities = RequestBatcher(self._change, BATCH)

    def __repr__(self) -> str:
        return f"<SqsQueue {self._client.name}>"

    @property
    def lease(self) -> float:
        return float(self._lease)

    async def receive(self, limit: int) -> list[Message]:
        received: list[Message] = []
        try:
            async with open_task_group() as tasks:
                tasks.start_soon(self._receive, min(limit, BATCH), received)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(PATIENCE, shield=True):
                for message in reversed(received):
                    await self.release(message)
            raise
        return received

    async def _receive(self, limit: int, received: list[Message]) -> None:
        """Shielded: the answer that a cancelled request would have brought holds messages that
        nobody else gets.
        """
        with anyio.CancelScope(shield=True), self._client.answer_within(self._wait + PATIENCE):
            answer = await self._client.call(
                "receive_message",
                MaxNumberOfMessages=limit,
                VisibilityTimeout=self._lease,
                WaitTimeSeconds=self._wait,
                MessageSystemAttributeNames=[
                    "ApproximateReceiveCount",
                    "SentTimestamp",
                    "MessageGroupId",
                ],
            )
        received.extend(map(message_of, answer.get("Messages", ())))

    async def extend(self, message: Message) -> bool:
        return await self._visibilities((message.handle, self._lease)) is None

    async def acknowledge(self, message: Message) -> None:
        await self._deletes(message.handle)

    async def release(self, message: Message) -> None:
        await self._visibilities((message.handle, 0))

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        """Copied first, then deleted: a crash in between leaves it twice, never not at all."""
        with self._client.answer_within(self._answer_within):
            await self._client.dead_letter(message, code, reason)
        await self.acknowledge(message)

    async def _delete(self, handles: Sequence[str]) -> list[str | None]:
        entries = [{"ReceiptHandle": handle} for handle in handles]
        with self._client.answer_within(self._answer_within):
            return await self._client.batch("delete_message_batch", entries)

    async def _change(self, changes: Sequence[tuple[str, int]]) -> list[str | None]:
        entries = [
            {"ReceiptHandle": handle, "VisibilityTimeout": seconds} for handle, seconds in changes
        ]
        with self._client.answer_within(self._answer_within):
            return await self._client.batch("change_message_visibility_batch", entries)
