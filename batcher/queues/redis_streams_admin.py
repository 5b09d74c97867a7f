"""Redis Streams: the side of the producer, and of people: depth, dead letters, redrive."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from batcher.queues.redis_streams_client import (
    GROUP,
    NO_ONE,
    RedisStream,
    attributes_of_letter,
    fields_of_entry,
    sent_at,
)
from batcher.records import DeadLetter, Depth, Update

PAGE = 500  # entries of one request

_encode = msgspec.json.Encoder().encode


class RedisAdmin:
    """A stream as ports.Producer and ports.QueueAdmin. Use inside ``async with`` of the stream."""

    def __init__(self, stream: RedisStream) -> None:
        self._stream = stream

    async def send(self, updates: Sequence[Update], batch: str) -> None:
        for start in range(0, len(updates), PAGE):
            async with self._stream.redis.pipeline(transaction=True) as together:
                for update in updates[start : start + PAGE]:
                    together.xadd(self._stream.name, {"body": _encode(update.as_line())})
                await self._stream.answer(together.execute())

    async def depth(self) -> Depth:
        name = self._stream.name
        async with self._stream.redis.pipeline(transaction=True) as together:
            together.xlen(name)
            together.xpending(name, GROUP)
            together.xlen(self._stream.dead_name)
            together.xrange(name, count=1)
            together.time()
            length, pending, dead, oldest, time = await self._stream.answer(together.execute())
        consumers = pending["consumers"]
        held = sum(each["pending"] for each in consumers if each["name"] != NO_ONE.encode())
        seconds, micros = time
        age = seconds + micros / 1e6 - sent_at(oldest[0][0]) if oldest else None
        return Depth(waiting=length - held, held=held, dead=dead, oldest_seconds=age)

    async def dead(self) -> AsyncIterator[DeadLetter]:
        redis, name, start = self._stream.redis, self._stream.dead_name, "-"
        while entries := await self._stream.answer(redis.xrange(name, min=start, count=PAGE)):
            for entry in entries:
                yield _dead_letter(entry)
            start = f"({_dead_letter(entries[-1]).id}"

    async def redrive(self, letter: DeadLetter) -> None:
        async with self._stream.redis.pipeline(transaction=True) as together:
            together.xadd(self._stream.name, fields_of_entry(letter.body, letter.attributes))
            together.xdel(self._stream.dead_name, letter.handle)
            await self._stream.answer(together.execute())


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
