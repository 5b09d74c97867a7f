"""Redis Streams: the side of the producer, and of people: depth, dead letters, redrive."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from batcher.ports import OnSent
from batcher.queues.redis_streams_client import (
    GROUP,
    NO_ONE,
    RedisStream,
    attributes_of_letter,
    fields_of_entry,
    sent_at,
)
from batcher.queues.redis_streams_scripts import DEPTH, REDRIVE, SEND
from batcher.records import DeadLetter, Depth, Update

PAGE = 500  # entries of one request
REMEMBERED_FOR = 14 * 86_400  # seconds that it is known how far a sending came

_encode = msgspec.json.Encoder().encode


class RedisAdmin:
    """A stream as ports.Producer and ports.QueueAdmin. Use inside ``async with`` of the stream."""

    drops_repeats = False
    depth_every = 1.0

    def __init__(self, stream: RedisStream) -> None:
        self._stream = stream
        self._send_script = stream.script(SEND, once=True)
        self._redrive_script = stream.script(REDRIVE)
        self._depth_script = stream.script(DEPTH)

    async def prepare(self) -> None:
        return None

    def why_refused(self, update: Update) -> str | None:
        return None

    async def sent_up_to(self, batch: str) -> int | None:
        """Kept in Redis, in one step with what it counts."""
        return int(await self._stream.answer(self._stream.redis.get(self._sending(batch))) or 0)

    async def send(
        self, updates: Sequence[Update], batch: str, on_sent: OnSent = lambda updates: None
    ) -> None:
        for start in range(0, len(updates), PAGE):
            page = updates[start : start + PAGE]
            bodies = [_encode(update.as_line()) for update in page]
            sent = (page[-1].line, REMEMBERED_FOR)
            keys = [self._stream.name, self._stream.dead_name, self._sending(batch)]
            await self._stream.answer(self._send_script(keys=keys, args=[GROUP, *sent, *bodies]))
            on_sent(page)

    async def finish(self, batch: str) -> None:
        await self._stream.answer(self._stream.redis.delete(self._sending(batch)))

    def _sending(self, batch: str) -> str:
        """Of this group: where stream or group were made anew, nothing of a sending is known."""
        return f"{self._stream.name}:sending:{self._stream.mark.removeprefix('mark=')}:{batch}"

    async def depth(self) -> Depth:
        length, held, dead, now, oldest = await self._stream.run(self._depth_script, NO_ONE)
        # entries that were deleted while they were held, and a clock that was set back
        age = None if oldest is None else max(0.0, int(now) - sent_at(oldest))
        return Depth(waiting=max(0, length - held), held=held, dead=dead, oldest_seconds=age)

    async def dead(self) -> AsyncIterator[DeadLetter]:
        redis, name, start = self._stream.redis, self._stream.dead_name, "-"
        while entries := await self._stream.answer(redis.xrange(name, min=start, count=PAGE)):
            for entry in entries:
                yield _dead_letter(entry)
            start = f"({_dead_letter(entries[-1]).id}"

    async def newest_dead(self, at_most: int) -> list[DeadLetter]:
        redis, name = self._stream.redis, self._stream.dead_name
        entries = await self._stream.answer(redis.xrevrange(name, count=at_most))
        return list(map(_dead_letter, entries or ()))

    async def redrive(self, letter: DeadLetter) -> None:
        fields = fields_of_entry(letter.body, letter.attributes)
        parts = [part for field in fields.items() for part in field]
        await self._stream.run(self._redrive_script, letter.handle, *parts)


def _dead_letter(entry: Any) -> DeadLetter:
    identity, fields = entry
    return DeadLetter(
        id=identity.decode(),
        body=fields.get(b"body", b""),
        handle=identity.decode(),
        code=fields.get(b"code", b"?").decode(errors="replace"),
        reason=fields.get(b"reason", b"?").decode(errors="replace"),
        attributes=attributes_of_letter(fields),
    )
