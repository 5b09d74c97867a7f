"""Amazon SQS, standard and FIFO: the consumer's side. One update a message.

Connecting and batch requests are in ``sqs_client``; sending and the dead letters in ``sqs_admin``.
"""

from collections.abc import Sequence

from batcher.config.value_kinds import DEFAULT_LEASE
from batcher.errors import QueueError
from batcher.queues.batching import RequestBatcher
from batcher.queues.cancellation import release_if_cancelled
from batcher.queues.sqs_client import BATCH, SqsClient, message_of
from batcher.records import Message
from batcher.task_groups import open_task_group

# seconds of a long poll: a receive that is cancelled is finished first, to release what it brings
POLL = 5
POLL_MARGIN = 2.0  # seconds for an answer after the end of the poll, and for releasing
# seconds for any other request, its repetitions included: a worker that stops waits for it
ANSWER_WITHIN = 5.0
# of receiving, and of deleting: one by one, a request's way there and back would bound the pace
REQUESTS_AT_ONCE = 8
DELETED_WITHIN = 0.02  # seconds; each request costs money, and a part of a full one costs as much
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
        self._at_once = 1  # receives that the next one makes
        self._delete = RequestBatcher(
            self._delete_all, BATCH, at_once=REQUESTS_AT_ONCE, linger=DELETED_WITHIN
        )
        self._change_visibility = RequestBatcher(self._change_visibilities, BATCH)

    def __repr__(self) -> str:
        return f"<SqsQueue {self._client.name}>"

    @property
    def lease(self) -> float:
        return float(self._lease)

    async def receive(self, limit: int) -> list[Message]:
        """A long poll; after one that came back full, several short ones side by side."""
        asked = _shares(limit, self._at_once)
        received: list[Message] = []
        errors: list[QueueError] = []

        async def poll(share: int) -> None:
            try:
                received.extend(await self._poll_for(share, self._poll if len(asked) == 1 else 0))
            except QueueError as error:
                errors.append(error)

        async def poll_all() -> list[Message]:
            async with open_task_group() as tasks:
                for share in asked:
                    tasks.start_soon(poll, share)
            if errors and not received:
                raise errors[0]
            return received

        messages = await release_if_cancelled(poll_all, self.release, within=POLL_MARGIN)
        is_full = len(messages) == sum(asked) and not errors
        self._at_once = min(REQUESTS_AT_ONCE, 2 * len(asked)) if is_full else 1
        return messages

    async def _poll_for(self, limit: int, seconds: int) -> list[Message]:
        with self._client.answer_within(self._poll + POLL_MARGIN):
            answer = await self._client.call(
                "receive_message",
                MaxNumberOfMessages=limit,
                VisibilityTimeout=self._lease,
                WaitTimeSeconds=seconds,
                MessageSystemAttributeNames=SYSTEM_ATTRIBUTES,
                MessageAttributeNames=["All"],
            )
        return list(map(message_of, answer.get("Messages", ())))

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


def _shares(limit: int, at_once: int) -> list[int]:
    """How many messages each of several receives asks for."""
    full, rest = divmod(min(limit, at_once * BATCH), BATCH)
    return [BATCH] * full + ([rest] if rest else [])
