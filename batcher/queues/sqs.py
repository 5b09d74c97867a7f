"""Amazon SQS, standard and FIFO: the worker's side. One update a message.

Connecting and batches of requests are in ``sqs_client``; sending and the dead letters in ``sqs_office``.
"""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

import anyio

from batcher.errors import QueueError
from batcher.queues.gathering import Gathering
from batcher.queues.sqs_client import BATCH, SqsClient, message_of
from batcher.records import Message

T = TypeVar("T")

LONGEST_WAIT = 5  # seconds of a long poll: a receive that is cancelled is waited for, to give back what it borrowed
PATIENCE = 2.0  # seconds beyond that
ANSWER_WITHIN = 5.0  # seconds for any other request, its repetitions included: a worker that stops waits for it


class SqsQueue:
    """A queue of SQS as ports.Queue. Use inside ``async with`` of its client.

    ``lease``: whole seconds of visibility timeout, renewed by ``extend``. ``wait``: whole seconds of a long poll.
    ``answer_within``: seconds after which any other request counts as not answered.
    """

    def __init__(
        self, client: SqsClient, *, lease: int = 60, wait: int = LONGEST_WAIT, answer_within: float = ANSWER_WITHIN
    ) -> None:
        self._client = client
        self._lease = lease
        self._wait = wait
        self._answer_within = answer_within
        self._deletes = Gathering(self._delete, BATCH)
        self._visibilities = Gathering(self._change, BATCH)

    def __repr__(self) -> str:
        return f"<SqsQueue {self._client.name}>"

    @property
    def lease(self) -> float:
        return float(self._lease)

    async def receive(self, limit: int) -> list[Message]:
        received: list[Message] = []
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._receive, min(limit, BATCH), received)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(PATIENCE, shield=True):
                for message in reversed(received):
                    await self.release(message)
            raise
        return received

    async def _receive(self, limit: int, received: list[Message]) -> None:
        """Shielded: the answer that a cancelled request would have brought holds messages that nobody else gets."""
        request = self._client.call(
            "receive_message",
            MaxNumberOfMessages=limit,
            VisibilityTimeout=self._lease,
            WaitTimeSeconds=self._wait,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"],
        )
        with anyio.CancelScope(shield=True):
            answer = await self._answer(request, self._wait + PATIENCE)
        received.extend(map(message_of, answer.get("Messages", ())))

    async def _answer(self, request: Awaitable[T], within: float) -> T:
        try:
            with anyio.fail_after(within):
                return await request
        except TimeoutError as error:
            raise QueueError(f"queue {self._client.name}: no answer within {within:g} s. Trying again may help.") from error

    async def extend(self, message: Message) -> bool:
        return await self._visibilities((message.handle, self._lease)) is None

    async def acknowledge(self, message: Message) -> None:
        await self._deletes(message.handle)

    async def release(self, message: Message) -> None:
        await self._visibilities((message.handle, 0))

    async def set_aside(self, message: Message, code: str, reason: str) -> None:
        """Copied first, then deleted: a crash in between leaves it twice, never not at all."""
        await self._answer(self._client.bury(message, code, reason), self._answer_within)
        await self.acknowledge(message)

    async def _delete(self, handles: Sequence[str]) -> list[str | None]:
        entries = [{"ReceiptHandle": handle} for handle in handles]
        return await self._answer(self._client.batch("delete_message_batch", entries), self._answer_within)

    async def _change(self, changes: Sequence[tuple[str, int]]) -> list[str | None]:
        entries = [{"ReceiptHandle": handle, "VisibilityTimeout": seconds} for handle, seconds in changes]
        return await self._answer(self._client.batch("change_message_visibility_batch", entries), self._answer_within)
