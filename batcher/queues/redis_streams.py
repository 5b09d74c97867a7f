"""Redis Streams: a consumer group on one stream, for fleets outside AWS. One update an entry.

An entry stays in the group's pending list until it is acknowledged, and is then deleted, so that
the stream's length is what is left to do. Redis has no word for giving back: an entry that is
released is handed to a consumer of no one with a great idle time, which puts it first among those
that may be claimed.
"""

import os
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

import anyio
import msgspec
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from batcher.error_codes import TOO_MANY_RECEIVES
from batcher.errors import QueueError
from batcher.queues.batching import RequestBatcher
from batcher.records import DeadLetter, Depth, Message, Update
from batcher.redis_client import LONGEST_REPLY, connect
from batcher.task_groups import open_task_group

T = TypeVar("T")

GROUP = "batcher"
NO_ONE = "released"
FOREVER = 10**12  # milliseconds of idle time: longer than any lease
# seconds to wait for a new entry before looking again for one that was released or left by the dead
BLOCK = 1.0
# seconds for any request, its repetitions included: a worker that stops waits for it
ANSWER_WITHIN = 5.0
POISON = 20  # loans: an entry that was lent so often and never settled kills its workers
PAGE = 500
# no fewer than a worker holds: others see all that it gives back at once, and take the oldest first
HANDED_OVER_AT_ONCE = 1000

_HAND_OVER = """
-- KEYS: stream. ARGV: group, from, to, idle ms, id. Hands an entry over that `from` has; the count
-- of loans stays.
local held = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[5], ARGV[5], 1, ARGV[2])
if #held == 0 then return 0 end
return #redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[5], 'IDLE', ARGV[4], 'JUSTID')
"""
_END = """
-- KEYS: stream, dead letters. ARGV: group, consumer, id, and for a dead letter body, code, reason.
-- Ends what `consumer` has.
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then return 0 end
if ARGV[4] then
  redis.call('XADD', KEYS[2], '*', 'body', ARGV[4], 'code', ARGV[5], 'reason', ARGV[6])
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

_encode = msgspec.json.Encoder().encode


class RedisQueue:
    """A stream as ports.Queue, ports.Producer and ports.QueueAdmin.

    Use as an async context manager.

    ``url`` as ``redis_client`` takes it, else ValueError. ``lease``: seconds after which an entry
    that is not extended may be claimed by others. ``create``: make stream and group when they are
    not there; else entering raises QueueError.
    """

    def __init__(self, url: str, stream: str, *, lease: float = 60.0, create: bool = True) -> None:
        self.stream = stream
        self.dead_stream = f"{stream}:dead"
        self._lease = lease
        self._create = create
        self._me = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._next_look = 0.0
        self._redis: Redis = connect(url)
        self._hand_over = self._redis.register_script(_HAND_OVER)
        self._end = self._redis.register_script(_END)
        self._leave = self._redis.register_script(_LEAVE)
        self._passing = RequestBatcher(self._pass_all, HANDED_OVER_AT_ONCE)

    def __repr__(self) -> str:
        return f"<RedisQueue {self.stream} as {self._me}>"

    @property
    def lease(self) -> float:
        return self._lease

    async def __aenter__(self) -> "RedisQueue":
        try:
            await (self._found_group() if self._create else self._find_group())
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._redis.aclose()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        with anyio.move_on_after(LONGEST_REPLY, shield=True):
            with suppress(RedisError, OSError):  # what may stay is an idle name in a list
                await self._leave(keys=[self.stream], args=[GROUP, self._me])
            await self._redis.aclose()

    # the worker's side

    async def receive(self, limit: int) -> list[Message]:
        """Entries that were released or whose lease is over go first, by their age."""
        received: list[Message] = []
        try:
            async with open_task_group() as tasks:
                tasks.start_soon(self._receive, limit, received)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(LONGEST_REPLY, shield=True):
                for message in received:
                    await self.release(message)
            raise
        return received

    async def _receive(self, limit: int, received: list[Message]) -> None:
        """Shielded: what a reply brings that nobody reads any more would be lent to nobody until
        its lease is over.
        """
        with anyio.CancelScope(shield=True):
            received += await self._claim(limit)
            if not received:
                fresh = self._redis.xreadgroup(
                    GROUP, self._me, {self.stream: ">"}, count=limit, block=int(BLOCK * 1000)
                )
                # redis-py's types are those of every protocol version at once
                said: Any = await self._said(fresh)
                received += [_message(entry, 1) for _, entries in said for entry in entries]

    async def _claim(self, limit: int) -> list[Message]:
        """Entries that others left, but for those that were lent too often: they are set aside.

        Looks through everything that is lent, so it does so once in BLOCK seconds.
        """
        claimed: list[Message] = []
        if (now := anyio.current_time()) < self._next_look:
            return claimed
        start: Any = "0-0"
        while len(claimed) < limit:
            reply = self._redis.xautoclaim(
                self.stream,
                GROUP,
                self._me,
                int(self._lease * 1000),
                start_id=start,
                count=limit - len(claimed),
            )
            start, entries, *_ = cast(list[Any], await self._said(reply))
            for entry in entries:
                message = _message(entry, await self._loans(entry[0]))
                if message.receives > POISON:
                    await self.dead_letter(
                        message, TOO_MANY_RECEIVES, f"lent {POISON} times and never settled"
                    )
                else:
                    claimed.append(message)
            if start in (b"0-0", "0-0"):
                self._next_look = now + BLOCK
                break
        return claimed

    async def _loans(self, entry: bytes) -> int:
        found = await self._said(self._redis.xpending_range(self.stream, GROUP, entry, entry, 1))
        return int(found[0]["times_delivered"]) if found else 1

    async def extend(self, message: Message) -> bool:
        return await self._passing((message.handle, self._me, 0)) is None

    async def release(self, message: Message) -> None:
        await self._passing((message.handle, NO_ONE, FOREVER))

    async def _pass_all(self, passings: Sequence[tuple[str, str, int]]) -> list[str | None]:
        """Each from this consumer to another, or to itself anew, in one step that nobody sees
        half done.
        """
        async with self._redis.pipeline(transaction=True) as together:
            for handle, to, idle in passings:
                await self._hand_over(
                    keys=[self.stream], args=[GROUP, self._me, to, idle, handle], client=together
                )
            return [
                None if passed else "not held" for passed in await self._said(together.execute())
            ]

    async def acknowledge(self, message: Message) -> None:
        await self._ended(message)

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        await self._ended(message, message.body, code, reason)

    async def _ended(self, message: Message, *letter: bytes | str) -> None:
        """Nothing happens where another consumer has it by now."""
        keys, args = [self.stream, self.dead_stream], [GROUP, self._me, message.handle, *letter]
        await self._said(self._end(keys=keys, args=args))

    # the sides of producer and admin

    async def send(self, updates: Sequence[Update], batch: str) -> None:
        for start in range(0, len(updates), PAGE):
            async with self._redis.pipeline(transaction=True) as together:
                for update in updates[start : start + PAGE]:
                    body = _encode(update.as_line())
                    together.xadd(self.stream, {"body": body})
                await self._said(together.execute())

    async def depth(self) -> Depth:
        async with self._redis.pipeline(transaction=True) as together:
            together.xlen(self.stream)
            together.xpending(self.stream, GROUP)
            together.xlen(self.dead_stream)
            together.xrange(self.stream, count=1)
            together.time()
            length, pending, dead, oldest, (seconds, micros) = await self._said(together.execute())
        held = sum(
            each["pending"] for each in pending["consumers"] if each["name"] != NO_ONE.encode()
        )
        age = seconds + micros / 1e6 - _sent_at(oldest[0][0]) if oldest else None
        return Depth(waiting=length - held, held=held, dead=dead, oldest_seconds=age)

    async def dead(self) -> AsyncIterator[DeadLetter]:
        start = "-"
        while entries := await self._said(
            self._redis.xrange(self.dead_stream, min=start, count=PAGE)
        ):
            for entry in entries:
                yield _letter(entry)
            start = f"({_letter(entries[-1]).id}"

    async def redrive(self, letter: DeadLetter) -> None:
        async with self._redis.pipeline(transaction=True) as together:
            together.xadd(self.stream, {"body": letter.body})
            together.xdel(self.dead_stream, letter.handle)
            await self._said(together.execute())

    async def _found_group(self) -> None:
        try:
            await self._said(self._redis.xgroup_create(self.stream, GROUP, id="0", mkstream=True))
        except QueueError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _find_group(self) -> None:
        there = await self._said(self._redis.exists(self.stream))
        groups = await self._said(self._redis.xinfo_groups(self.stream)) if there else []
        if not any(group["name"] == GROUP.encode() for group in groups):
            raise QueueError(
                f"queue {self.stream}: not in this database. batcher enqueue and batcher worker"
                " make it."
            )

    async def _said(self, reply: Awaitable[T]) -> T:
        """The reply, or QueueError.

        A group that is gone, with an emptied Redis, is founded anew.
        """
        try:
            with anyio.fail_after(ANSWER_WITHIN):
                return await reply
        except ResponseError as error:
            if "NOGROUP" in str(error) and self._create:
                await self._found_group()
            raise QueueError(f"queue {self.stream}: Redis refuses: {error}") from error
        except AuthenticationError as error:
            said = str(error).rstrip(".")
            raise QueueError(
                f"queue {self.stream}: Redis refuses the credentials: {said}. Check user and"
                " password in the queue's URL."
            ) from error
        except (RedisError, OSError) as error:
            said = str(error) or f"none within {ANSWER_WITHIN:g} s"
            raise QueueError(
                f"queue {self.stream}: no answer from Redis: {said}. Trying again may help."
            ) from error


def _message(entry: Any, receives: int) -> Message:
    identity, fields = entry
    return Message(
        id=identity.decode(),
        body=fields.get(b"body", b""),
        handle=identity.decode(),
        receives=receives,
        sent_at=_sent_at(identity),
    )


def _letter(entry: Any) -> DeadLetter:
    identity, fields = entry
    return DeadLetter(
        id=identity.decode(),
        body=fields.get(b"body", b""),
        handle=identity.decode(),
        code=fields.get(b"code", b"?").decode(errors="replace"),
        reason=fields.get(b"reason", b"?").decode(errors="replace"),
    )


def _sent_at(identity: bytes) -> float:
    return int(identity.split(b"-")[0]) / 1000
