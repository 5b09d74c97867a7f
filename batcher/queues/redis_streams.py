"""Redis Streams: a consumer of one stream's group, for fleets outside AWS.

An entry stays in the group's pending list until it is acknowledged, and is then deleted, so that
the stream's length is what is left to do. Redis has no command for releasing: an entry that is
released is assigned to a consumer of no one with a great idle time, which puts it first among those
that may be claimed.
"""

import os
import socket
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import anyio

from batcher.config.settings import DEFAULT_LEASE
from batcher.error_codes import TOO_MANY_RECEIVES
from batcher.errors import QueueError
from batcher.queues.batching import RequestBatcher
from batcher.queues.cancellation import release_if_cancelled
from batcher.queues.redis_streams_client import (
    GROUP,
    NO_ONE,
    RedisStream,
    fields_of_letter,
    message_of_entry,
)
from batcher.records import Message
from batcher.redis_client import LONGEST_REPLY

FOREVER = 10**12  # milliseconds of idle time: longer than any lease
# seconds to wait for a new entry before looking again for one that may be claimed
BLOCK = 1.0
MAX_DELIVERIES = 20  # an entry that was delivered so often and never settled kills its workers
# no fewer than a worker holds: others see all that it releases at once, and take the oldest first
REASSIGNED_AT_ONCE = 1000

_REASSIGN = """
-- KEYS: stream. ARGV: group, from, to, idle ms, id. Assigns an entry that `from` has; its count of
-- deliveries stays.
local held = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[5], ARGV[5], 1, ARGV[2])
if #held == 0 then return 0 end
return #redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[5], 'IDLE', ARGV[4], 'JUSTID')
"""
_SETTLE = """
-- KEYS: stream, dead letters. ARGV: group, consumer, id, and fields and values of a dead letter.
-- Acknowledges what `consumer` has.
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then return 0 end
if ARGV[4] then
  redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
return redis.call('XDEL', KEYS[1], ARGV[3])
"""
_LEAVE = """
-- KEYS: stream. ARGV: group, consumer. Deleting a consumer that has entries would lose them.
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end
return 0
"""


class RedisQueue:
    """A stream as ports.Queue. Use inside ``async with`` of the stream, and ``leave`` at the end.

    ``lease``: seconds after which an entry that is not extended may be claimed by others.
    """

    def __init__(self, stream: RedisStream, *, lease: float = DEFAULT_LEASE) -> None:
        self._stream = stream
        self._lease = lease
        self._me = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._next_claim = 0.0
        self._reassign_script = stream.redis.register_script(_REASSIGN)
        self._settle_script = stream.redis.register_script(_SETTLE)
        self._leave_script = stream.redis.register_script(_LEAVE)
        self._reassign = RequestBatcher(self._reassign_all, REASSIGNED_AT_ONCE)

    def __repr__(self) -> str:
        return f"<RedisQueue {self._stream.name} as {self._me}>"

    @property
    def lease(self) -> float:
        return self._lease

    async def leave(self) -> None:
        """Take this consumer's name off the group, unless it holds entries."""
        with anyio.move_on_after(LONGEST_REPLY, shield=True), suppress(QueueError):
            keys, args = [self._stream.name], [GROUP, self._me]
            await self._stream.answer(self._leave_script(keys=keys, args=args))

    async def receive(self, limit: int) -> list[Message]:
        """Entries that were released or whose lease expired, by their age; else new ones."""

        async def claim_or_read() -> list[Message]:
            return await self._claim(limit) or await self._read(limit)

        return await release_if_cancelled(claim_or_read, self.release, within=LONGEST_REPLY)

    async def _read(self, limit: int) -> list[Message]:
        reply = self._stream.redis.xreadgroup(
            GROUP, self._me, {self._stream.name: ">"}, count=limit, block=int(BLOCK * 1000)
        )
        # redis-py's types are those of every protocol version at once
        streams: Any = await self._stream.answer(reply)
        return [message_of_entry(entry, 1) for _, entries in streams for entry in entries]

    async def _claim(self, limit: int) -> list[Message]:
        """Entries that others left; those that were delivered too often become dead letters.

        Looks through everything that is pending, so it does so once in BLOCK seconds.
        """
        claimed: list[Message] = []
        if (now := anyio.current_time()) < self._next_claim:
            return claimed
        start: Any = "0-0"
        while len(claimed) < limit:
            reply = self._stream.redis.xautoclaim(
                self._stream.name,
                GROUP,
                self._me,
                int(self._lease * 1000),
                start_id=start,
                count=limit - len(claimed),
            )
            start, entries, *_ = cast(list[Any], await self._stream.answer(reply))
            for entry in entries:
                message = message_of_entry(entry, await self._deliveries(entry[0]))
                if message.receives > MAX_DELIVERIES:
                    reason = f"delivered {MAX_DELIVERIES} times and never settled"
                    await self.dead_letter(message, TOO_MANY_RECEIVES, reason)
                else:
                    claimed.append(message)
            if start in (b"0-0", "0-0"):
                self._next_claim = now + BLOCK
                break
        return claimed

    async def _deliveries(self, entry: bytes) -> int:
        redis, name = self._stream.redis, self._stream.name
        found = await self._stream.answer(redis.xpending_range(name, GROUP, entry, entry, 1))
        return int(found[0]["times_delivered"]) if found else 1

    async def extend(self, message: Message) -> bool:
        return await self._reassign((message.handle, self._me, 0)) is None

    async def release(self, message: Message) -> None:
        await self._reassign((message.handle, NO_ONE, FOREVER))

    async def _reassign_all(self, moves: Sequence[tuple[str, str, int]]) -> list[str | None]:
        """Assign (entry, consumer, idle time) in one step that nobody sees half done."""
        async with self._stream.redis.pipeline(transaction=True) as together:
            for handle, to, idle in moves:
                args: list[str | int] = [GROUP, self._me, to, idle, handle]
                await self._reassign_script(keys=[self._stream.name], args=args, client=together)
            moved = await self._stream.answer(together.execute())
        return [None if one else "not held" for one in moved]

    async def acknowledge(self, message: Message) -> None:
        await self._settle(message)

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        fields = fields_of_letter(message, code, reason)
        await self._settle(message, *(part for field in fields.items() for part in field))

    async def _settle(self, message: Message, *letter: bytes | str) -> None:
        """Nothing happens where another consumer has it by now."""
        keys = [self._stream.name, self._stream.dead_name]
        args: list[bytes | str] = [GROUP, self._me, message.handle, *letter]
        await self._stream.answer(self._settle_script(keys=keys, args=args))
