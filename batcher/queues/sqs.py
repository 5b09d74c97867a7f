"""Amazon SQS, standard and FIFO: the consumer's side. One update a message.

Connecting and batch requests are in ``sqs_client``; sending and the dead letters in ``sqs_admin``.
"""

from collections.abc import Sequence

from batcher.config.value_kinds import DEFAULT_LEASE
from batcher.queues.batching import RequestBatcher
from batcher.queues.cancellation import release_if_cancelled
from batcher.queues.sqs_client import BATCH, SqsClient, message_of
from batcher.records import Message

# seconds of a long poll: a receive that is cancelled is finished first, to release what it brings
POLL = 5
POLL_MARGIN = 2.0  # seconds for an answer after the end of the poll, and for releasing
# seconds for any other request, its repetitions included: a worker that stops waits for it
ANSWER_WITHIN = 5.0
SYSTEM_ATTRIBUTES = ["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"]


class SqsQueue:
    """A queue of SQS as ports.Queue. Use inside ``async with`` of its client.

    ``lease``: whole seconds of visibility timeout, renewed by ``extend``. ``answer_within``:
    seconds after which a request other than a long poll counts as not answered.
    """

    def __init__(
        self, client: SqsClient, *, lease: int = DEFAULT_LEASE, answer_within: float = ANSWER_WITHIN
    ) -> None:
        self._client = client
        self._lease = lease
        self._poll = max(1, min(POLL, lease // 3))  # of a lease that counts from its beginning
        self._answer_within = answer_within
        self._delete = RequestBatcher(self._delete_all, BATCH)
        self._change_visibility = RequestBatcher(self._change_visibilities, BATCH)

    def __repr__(self) -> str:
        return f"<SqsQueue {self._client.name}>"

    @property
    def lease(self) -> float:
        return float(self._lease)

    async def receive(self, limit: int) -> list[Message]:
        async def poll() -> list[Message]:
            with self._client.answer_within(self._poll + POLL_MARGIN):
                answer = await self._client.call(
                    "receive_message",
                    MaxNumberOfMessages=min(limit, BATCH),
                    VisibilityTimeout=self._lease,
                    WaitTimeSeconds=self._poll,
                    MessageSystemAttributeNames=SYSTEM_ATTRIBUTES,
                    MessageAttributeNames=["All"],
                )
            return list(map(message_of, answer.get("Messages", ())))

        return await release_if_cancelled(poll, self.release, within=POLL_MARGIN)

    async def extend(self, message: Message) -> bool:
        return await self._change_visibility((message.handle, self._lease)) is None

    async def acknowledge(self, message: Message) -> None:
        await self._delete(message.handle)

    async def release(self, message: Message) -> None:
        await self._change_visibility((message.handle, 0))

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        """Copied first, then deleted: a crash in between leaves it twice, never not at all."""
        with self._client.answer_within(self._answer_within):
            await self._client.dead_letter(message, code, reason)
        await self.acknowledge(message)

    async def _delete_all(self, handles: Sequence[str]) -> list[str | None]:
        entries = [{"ReceiptHandle": handle} for handle in handles]
        with self._client.answer_within(self._answer_within):
            return await self._client.batch("delete_message_batch", entries)

    async def _change_visibilities(self, changes: Sequence[tuple[str, int]]) -> list[str | None]:
        entries = [
            {"ReceiptHandle": handle, "VisibilityTimeout": seconds} for handle, seconds in changes
        ]
        with self._client.answer_within(self._answer_within):
            return await self._client.batch("change_message_visibility_batch", entries)
