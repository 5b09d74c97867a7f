"""Amazon SQS: the side of the producer, and of people: depth, dead letters, redrive.

The message group of an update is its trigger's name and nothing else. Which account, Region and
domain are meant is known to a worker only: by the name that a target goes by there, and by its
domain map. So one trigger is one group whatever these are, and its order holds; triggers of one
name in several domains or targets share a group, and wait for each other.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import anyio
import msgspec

from batcher.error_codes import TOO_MANY_RECEIVES
from batcher.errors import QueueError
from batcher.ports import OnSent
from batcher.queues.sqs_client import BATCH, CODE, REASON, SqsClient, message_of
from batcher.records import DeadLetter, Depth, Update

BATCH_BYTES = 200_000  # below the smallest total that SQS ever had
LONGEST_MESSAGE = 2**20  # bytes, where a queue does not say
LOOK = 120  # seconds

_GROUP = re.compile(r"[\w!\"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~-]{1,128}", re.ASCII)
# JSON escapes the control characters; these two it leaves as they are
_REFUSED = [(character.encode(), f"\\u{ord(character):x}".encode()) for character in "\ufffe\uffff"]
_encode = msgspec.json.Encoder().encode

_Batch: TypeAlias = list[tuple[Update, dict[str, Any]]]


class SqsAdmin:
    """ports.Producer and ports.QueueAdmin. Use inside ``async with`` of its client.

    ``look``: whole seconds that a dead letter is invisible to others while it is looked at.
    """

    depth_every = 15.0  # each look takes money

    def __init__(self, client: SqsClient, *, look: int = LOOK) -> None:
        self._client = client
        self._look_for = look
        self._longest = LONGEST_MESSAGE

    @property
    def drops_repeats(self) -> bool:
        return self._client.fifo

    async def prepare(self) -> None:
        """Ask how long a message may be."""
        known = await self._client.attributes("MaximumMessageSize")
        self._longest = int(known.get("MaximumMessageSize", self._longest))

    def why_refused(self, update: Update) -> str | None:
        """SQS counts the bytes of the body; characters that it refuses are escaped there."""
        if (length := len(_body(update))) <= self._longest:
            return None
        return f"{length:,} bytes as a message; queue {self._client.name} takes {self._longest:,}"

    async def sent_up_to(self, batch: str) -> int | None:
        return None

    async def finish(self, batch: str) -> None:
        return None

    async def send(
        self, updates: Sequence[Update], batch: str, on_sent: OnSent = lambda updates: None
    ) -> None:
        for group in _batches((update, self._entry(update, batch)) for update in updates):

            def tell(numbers: list[int], group: _Batch = group) -> None:
                on_sent([group[number][0] for number in numbers])

            entries = [entry for _, entry in group]
            answers = await self._client.batch("send_message_batch", entries, on_done=tell)
            for (update, _), code in zip(group, answers, strict=True):
                if code is not None:
                    raise QueueError(
                        f"queue {self._client.name}: the message of line {update.line} was refused:"
                        f" {code}."
                    )

    def _entry(self, update: Update, batch: str) -> dict[str, Any]:
        body = _body(update)
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

    async def newest_dead(self, at_most: int) -> None:
        """Return nothing: to look at one hides it from others."""
        return

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
    """The message group: the trigger's name. Readable where SQS allows it, else a hash."""
    name = update.trigger
    return name if _GROUP.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()


def _body(update: Update) -> bytes:
    """The update as JSON, without the two characters of it that SQS does not take."""
    body = _encode(update.as_line())
    for raw, escaped in _REFUSED:
        body = body.replace(raw, escaped)
    return body


def _batches(entries: Iterable[tuple[Update, dict[str, Any]]]) -> Iterator["_Batch"]:
    """Batches of at most BATCH entries and BATCH_BYTES, with one entry of a group.

    So order still holds when an entry fails and is sent again.
    """
    batch: _Batch = []
    groups: set[str] = set()
    size = 0
    for update, entry in entries:
        length, group = len(entry["MessageBody"].encode()), entry.get("MessageGroupId")
        if batch and (len(batch) == BATCH or size + length > BATCH_BYTES or group in groups):
            yield batch
            batch, groups, size = [], set(), 0
        batch.append((update, entry))
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
