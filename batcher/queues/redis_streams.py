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
from typing import Any

import anyio

from batcher.config.value_kinds import DEFAULT_LEASE
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
from batcher.queues.redis_streams_scripts import (
    ACKNOWLEDGE,
    BURY,
    CLAIM,
    LEAVE,
    REASSIGN,
    RECOVER,
    TEND,
)
from batcher.records import Message
from batcher.redis_client import LONGEST_REPLY, Script

FOREVER = 10**12  # milliseconds of idle time: longer than any lease
# seconds to wait for a new entry before looking again for one that may be claimed
BLOCK = 1.0
MAX_DELIVERIES = 20  # an entry that was delivered so often and never settled kills its workers
# leases without a sign of life, and of this worker's own life before it judges others by it. Who
# lives after all has its name again with the next entry
DEAD_AFTER = 2
# no fewer than a worker holds: others see all that it releases at once, and take the oldest first
REASSIGNED_AT_ONCE = 1000
ACKNOWLEDGED_AT_ONCE = 100  # Redis does nothing else meanwhile, so no more
# seconds: Redis answers so soon that otherwise each would be a request of its own
ACKNOWLEDGED_WITHIN = 0.005


class RedisQueue:
    """A stream as ports.Queue. Use inside ``async with`` of the stream, and ``leave`` at the end.

    ``lease``: seconds after which an entry that is not extended may be claimed by others.
    """

    def __init__(self, stream: RedisStream, *, lease: float = DEFAULT_LEASE) -> None:
        self._stream = stream
        self._lease = lease
        self._me = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._began = anyio.current_time()
        self._next_claim = 0.0
        self._given_back = 0  # how often something was: who looked before has not seen that
        self._handed_out: set[str] = set()  # entries that the worker knows it has
        self._reply_lost = False  # there may be others that it was given
        self._claim_script = stream.script(CLAIM, once=True)
        self._recover_script = stream.script(RECOVER, once=True)
        self._tend_script = stream.script(TEND)
        self._reassign_script = stream.script(REASSIGN)
        self._acknowledge_script = stream.script(ACKNOWLEDGE)
        self._bury_script = stream.script(BURY)
        self._leave_script = stream.script(LEAVE)
        self._reassign = RequestBatcher(self._reassign_all, REASSIGNED_AT_ONCE)
        self._acknowledge = RequestBatcher(
            self._acknowledge_all, ACKNOWLEDGED_AT_ONCE, linger=ACKNOWLEDGED_WITHIN
        )

    def __repr__(self) -> str:
        return f"<RedisQueue {self._stream.name} as {self._me}>"

    @property
    def lease(self) -> float:
        return self._lease

    async def leave(self) -> None:
        """Take this consumer's name off the group, unless it holds entries."""
        with anyio.move_on_after(LONGEST_REPLY, shield=True), suppress(QueueError):
            await self._stream.run(self._leave_script, self._me)

    async def receive(self, limit: int) -> list[Message]:
        """Entries whose delivery got lost; else what others left, by its age; else new ones."""

        async def next_messages() -> list[Message]:
            try:
                messages = (
                    await self._recover(limit)
                    or await self._claim(limit)
                    or await self._read(limit)
                )
            except BaseException:
                self._reply_lost = True
                raise
            self._handed_out.update(message.handle for message in messages)
            return messages

        return await release_if_cancelled(next_messages, self.release, within=LONGEST_REPLY)

    async def _recover(self, limit: int) -> list[Message]:
        """Entries that this consumer was given by a reply that got lost, before any newer ones."""
        if not self._reply_lost:
            return []
        found = await self._take(self._recover_script, limit, *self._handed_out)
        self._reply_lost = len(found) == limit
        return found

    async def _read(self, limit: int) -> list[Message]:
        reply = self._stream.redis_once.xreadgroup(
            GROUP, self._me, {self._stream.name: ">"}, count=limit, block=int(BLOCK * 1000)
        )
        # redis-py's types are those of every protocol version at once
        streams: Any = await self._stream.answer(reply)
        return [
            message_of_entry(identity, fields, 1)
            for _, entries in streams or ()
            for identity, fields in entries
            if fields is not None  # deleted meanwhile
        ]

    async def _claim(self, limit: int) -> list[Message]:
        """Entries that others left; those that were delivered too often become dead letters.

        Looks through everything that is pending, so it does so once in BLOCK seconds, and after
        this worker gave something back.
        """
        if (now := anyio.current_time()) < self._next_claim:
            return []
        given_back = self._given_back
        await self._tend()
        idle, claimed = int(self._lease * 1000), list[Message]()
        while not claimed:
            found = await self._take(self._claim_script, limit, idle)
            for message in found:
                if message.receives <= MAX_DELIVERIES:
                    claimed.append(message)
                    continue
                reason = f"delivered {MAX_DELIVERIES} times and never settled"
                await self.dead_letter(message, TOO_MANY_RECEIVES, reason)
            if len(found) < limit:
                self._next_claim = now + BLOCK if given_back == self._given_back else 0.0
                break
        return claimed

    async def _tend(self) -> None:
        """Take names of the dead off the group. Raises QueueError when it is another group."""
        stream, dead_after = self._stream, DEAD_AFTER * self._lease
        may_judge = anyio.current_time() >= self._began + dead_after
        idle = int(dead_after * 1000) if may_judge else FOREVER
        if not await stream.run(self._tend_script, self._me, NO_ONE, stream.mark, idle):
            await stream.find_group()
            raise stream.gone()

    async def _take(self, script: Script, limit: int, *more: Any) -> list[Message]:
        return [
            message_of_entry(identity, dict(zip(values[::2], values[1::2], strict=True)), receives)
            for identity, values, receives in await self._stream.run(script, self._me, limit, *more)
        ]

    async def extend(self, message: Message) -> bool:
        held = await self._reassign((message.handle, self._me, 0)) is None
        if not held:
            self._handed_out.discard(message.handle)
        return held

    async def release(self, message: Message) -> None:
        self._handed_out.discard(message.handle)
        try:
            await self._reassign((message.handle, NO_ONE, FOREVER))
        finally:
            self._next_claim = 0.0  # it comes again before anything newer
            self._given_back += 1

    async def _reassign_all(self, moves: Sequence[tuple[str, str, int]]) -> list[str | None]:
        """Assign (entry, consumer, idle time) in one step that nobody sees half done."""
        arguments = [part for handle, to, idle in moves for part in (to, idle, handle)]
        moved = await self._stream.run(self._reassign_script, self._me, *arguments)
        return [None if one else "not held" for one in moved]

    async def acknowledge(self, message: Message) -> None:
        """Nothing happens where another consumer has it by now."""
        await self._acknowledge(message.handle)
        self._handed_out.discard(message.handle)

    async def _acknowledge_all(self, handles: Sequence[str]) -> list[None]:
        await self._stream.run(self._acknowledge_script, self._me, *handles)
        return [None] * len(handles)

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        """Nothing happens where another consumer has it by now."""
        fields = fields_of_letter(message, code, reason)
        letter = (part for field in fields.items() for part in field)
        await self._stream.run(self._bury_script, self._me, message.handle, *letter)
        self._handed_out.discard(message.handle)
