"""Amazon SQS: the side of the producer, and of people: depth, dead letters, redrive."""

import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import anyio
import msgspec

from batcher.error_codes import TOO_MANY_RECEIVES
from batcher.errors import QueueError
from batcher.queues.sqs_client import BATCH, CODE, REASON, SqsClient, message_of
from batcher.records import DeadLetter, Depth, Update

BATCH_BYTES = 200_000  # below the smallest total that SQS ever had
LOOK = 120  # seconds

_GROUP = re.compile(r"[\w!\"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~-]{1,128}", re.ASCII)
_encode = msgspec.json.Encoder().encode


class SqsAdmin:
    """ports.Producer and ports.QueueAdmin. Use inside ``async with`` of its client.

    ``look``: whole seconds that a dead letter is invisible to others while it is looked at.
    """

    def __init__(self, client: SqsClient, *, look: int = LOOK) -> None:
        self._client = client
        self._look_for = look

    async def send(self, updates: Sequence[Update], batch: str) -> None:
        for entries in _batches(self._entry(update, batch) for update in updates):
            answers = await self._client.batch("send_message_batch", entries)
            if refused := [code for code in answers if code]:
                raise QueueError(
                    f"queue {self._client.name}: {len(refused)} messages were refused: {refused[0]}"
                )

    def _entry(self, update: Update, batch: str) -> dict[str, Any]:
        body = _encode(update.as_line())
        if not self._client.fifo:
            return {"MessageBody": body.decode()}
        number = f"{batch}\0{update.line}\0".encode()
        return {
            "MessageBody": body.decode(),
            "MessageGroupId": group_of(update),
            "MessageDeduplicationId": hashlib.sha256(number + body).hexdigest(),
        }

    async def depth(self) -> Depth:
        waiting, held = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        delayed = "ApproximateNumberOfMessagesDelayed"
        counts = await self._client.attributes(waiting, held, delayed)
        dead = None
        if self._client.dead_url is not None:
            dead = int((await self._client.attributes(waiting, of=self._client.dead_url))[waiting])
        return Depth(
            waiting=int(counts[waiting]) + int(counts.get(delayed, 0)),
            held=int(counts[held]),
            dead=dead,
        )

    async def dead(self) -> AsyncIterator[DeadLetter]:
        """Dead letters, each invisible to others while it is looked at; all are visible at the end.

        Of a message group SQS shows no more than ten until they are taken out: what is behind them
        is not among these.
        """
        seen: dict[str, str] = {}  # the latest handle of each
        newest = anyio.current_time()
        try:
            while anyio.current_time() < newest + self._look_for and (
                letters := await self._look()
            ):
                new = [letter for letter in letters if letter.id not in seen]
                # those that came first may be visible again
                seen |= {letter.id: letter.handle for letter in letters}
                for letter in new:
                    yield letter
                newest = anyio.current_time() if new else newest
        finally:
            await self._make_visible(list(seen.values()))

    async def _look(self) -> list[DeadLetter]:
        if self._client.dead_url is None:
            return []
        answer = await self._client.call(
            "receive_message",
            to=self._client.dead_url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=self._look_for,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["MessageGroupId"],
            MessageAttributeNames=["All"],
        )
        return [_dead_letter(raw) for raw in answer.get("Messages", ())]

    async def _make_visible(self, handles: list[str]) -> None:
        entries = [{"ReceiptHandle": handle, "VisibilityTimeout": 0} for handle in handles]
        with anyio.CancelScope(shield=True):
            for start in range(0, len(entries), BATCH):
                await self._client.batch(
                    "change_message_visibility_batch",
                    entries[start : start + BATCH],
                    to=self._client.dead_url or "",
                )

    async def redrive(self, letter: DeadLetter) -> None:
        """Sent first, then deleted: a crash in between leaves it twice, never not at all."""
        order: dict[str, Any] = {}
        if letter.attributes:
            order["MessageAttributes"] = letter.attributes
        if self._client.fifo:
            again = hashlib.sha256(f"redrive\0{letter.id}".encode()).hexdigest()
            order |= {"MessageGroupId": letter.group, "MessageDeduplicationId": again}
        await self._client.call("send_message", MessageBody=letter.body.decode(), **order)
        await self._client.call(
            "delete_message", to=self._client.dead_url, ReceiptHandle=letter.handle
        )


def group_of(update: Update) -> str:
    """The message group: the trigger. Readable where SQS allows it, else a hash."""
    name = f"{update.target}/{update.domain}/{update.trigger}"
    return name if _GROUP.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()


def _batches(entries: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Batches of at most BATCH entries and BATCH_BYTES, with one entry of a group.

    So order still holds when an entry fails and is sent again.
    """
    batch: list[dict[str, Any]] = []
    groups: set[str] = set()
    size = 0
    for entry in entries:
        length, group = len(entry["MessageBody"].encode()), entry.get("MessageGroupId")
        if batch and (len(batch) == BATCH or size + length > BATCH_BYTES or group in groups):
            yield batch
            batch, groups, size = [], set(), 0
        batch.append(entry)
        size += length
        groups |= {group} if group else set()
    if batch:
        yield batch


def _dead_letter(raw: dict[str, Any]) -> DeadLetter:
    message, attributes = message_of(raw), raw.get("MessageAttributes", {})

    def attribute(name: str, default: str) -> str:
        return str(attributes.get(name, {}).get("StringValue", default))

    return DeadLetter(
        id=message.id,
        body=message.body,
        handle=message.handle,
        code=attribute(CODE, TOO_MANY_RECEIVES),
        reason=attribute(REASON, "moved by the queue's own redrive policy"),
        group=message.group,
        attributes=message.attributes,
    )
