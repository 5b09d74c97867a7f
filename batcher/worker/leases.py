"""The lease table of a worker: the messages that it holds for as long as it takes.

Each is extended by a heartbeat, then acknowledged, made a dead letter, or released.

A lease is lost when the queue says so, or when it expired before it could be extended: another
worker gets the message then. An error of the queue ends nothing: what it could not be told is told
again until the lease expires.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.accounting.verdicts import maybe_applied_note
from batcher.errors import BatcherError
from batcher.foreign_text import shortened
from batcher.ports import Clock, Queue
from batcher.records import Message, Result, Update
from batcher.storage.message_images import KeptImage
from batcher.worker.letter_bases import with_base

CHECKS_PER_LEASE = 6  # how often the table is looked through for what is due
EXTEND_AT = 0.5  # the part of a lease that is left when it is extended
REASON_AT_MOST = 2000  # characters of why a message is a dead letter: queues bound what they take
RELEASE_WITHIN = 5.0  # seconds; what could not be released by then expires by itself


@dataclass(slots=True, eq=False)
class Lease:
    """One message held for one target. ``line``: its number in this worker.

    ``image``: the newest before image of its update; ``may_be_sent``: one was kept by somebody who
    did not come to a result, and may have sent the update.
    """

    message: Message
    line: int
    target: str
    expires_at: float  # monotonic seconds
    update: Update | None  # None where nobody is to work on it
    started: bool = False
    lost: bool = False
    in_request: bool = False  # a request about it is under way to the queue
    settled: bool = False  # its result is on disk, and the queue has to be told
    result: Result | None = None
    image: KeptImage | None = None
    may_be_sent: bool = False


@dataclass(eq=False, repr=False)
class LeaseTable:
    """All leases of a worker, by line.

    ``on_removed`` is called when there is one fewer; ``on_over`` with each that has its result on
    disk, or is no more held without one, then perhaps twice; ``dead_letters``: whether the queue
    has a place for them.
    """

    queue: Queue
    _: KW_ONLY
    dead_letters: bool
    clock: Clock
    log: FilteringBoundLogger
    on_removed: Callable[[], None]
    on_over: Callable[[Lease], None] = lambda lease: None

    def __post_init__(self) -> None:
        self._leases: dict[int, Lease] = {}
        self._by_message: dict[str, Lease] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._leases)

    def __repr__(self) -> str:
        return f"<LeaseTable {len(self)} of {self.queue!r}>"

    def __getitem__(self, line: int) -> Lease:
        return self._leases[line]

    def get(self, line: int) -> Lease | None:
        """The lease of that line; None where it is held no more."""
        return self._leases.get(line)

    def of(self, target: str) -> list[Lease]:
        """The leases of a target, in the order they came."""
        return [lease for lease in self._leases.values() if lease.target == target]

    def count(self, target: str) -> int:
        """How many leases a target has."""
        return self._counts[target]

    def accept_redelivery(self, message: Message, requested_at: float) -> bool:
        """Whether the message is held already; from now on its new handle counts."""
        lease = self._by_message.get(message.id)
        if lease is None:
            return False
        lease.message, lease.lost = message, False
        lease.expires_at = requested_at + self.queue.lease
        return True

    def add(
        self,
        message: Message,
        line: int,
        target: str,
        update: Update | None = None,
        image: KeptImage | None = None,
        *,
        requested_at: float | None = None,
    ) -> Lease:
        """Hold a message that has come; ``update``: what is in it.

        ``image``: the one that an earlier delivery left; ``requested_at``: when it was asked for,
        which is when its lease began at the earliest; None: now.
        """
        began = self.clock.now() if requested_at is None else requested_at
        lease = Lease(message, line, target, began + self.queue.lease, update)
        lease.image, lease.may_be_sent = image, image is not None
        self._leases[line] = self._by_message[message.id] = lease
        self._counts[target] += 1
        return lease

    def start(self, line: int) -> bool:
        """Start work on a message; False when it may be somebody else's by now."""
        if not self.holds(line):
            return False
        self._leases[line].started = True
        return True

    def holds(self, line: int) -> bool:
        """Whether a lease is this worker's still. One that is lost or expired is removed."""
        lease = self._leases.get(line)
        if lease is None:
            return False
        if lease.lost or self.clock.now() >= lease.expires_at:
            self._remove(lease)
            return False
        return True

    def pause(self, target: str) -> list[Lease]:
        """Note that nobody works on a target's messages; returns its leases that are left."""
        for lease in self.of(target):
            lease.started = lease.settled
            lease.may_be_sent = lease.image is not None
            if lease.lost and not lease.settled:
                self._remove(lease)
        return self.of(target)

    async def settle(self, lease: Lease, result: Result) -> None:
        """Acknowledge a message whose result is on disk; after an error it is a dead letter.

        But not where AWS has applied it: sent again, it would differ again.
        """
        lease.settled, lease.result = True, result
        self.on_over(lease)
        await self._end(lease)

    def unsettled(self) -> list[Lease]:
        """The leases without a result, in the order they came."""
        return [lease for lease in self._leases.values() if not lease.settled]

    async def release(self, leases: Iterable[Lease]) -> None:
        """Give back, for others to get at once, messages without a result, the newest first."""
        unsettled = sorted((each for each in leases if not each.settled), key=lambda e: -e.line)
        for lease in unsettled:
            self._remove(lease)
        with anyio.move_on_after(RELEASE_WITHIN):
            async with anyio.create_task_group() as tasks:
                for lease in unsettled:
                    tasks.start_soon(self._release, lease)

    async def _release(self, lease: Lease) -> None:
        try:
            await self.queue.release(lease.message)
        except BatcherError as error:
            self._warn_unreachable(error, "its lease ends by itself")

    async def run_heartbeat(self) -> None:
        """Extend what is due, and tell the queue again what it could not be told.

        Runs until it is cancelled.
        """
        async with anyio.create_task_group() as tasks:
            while True:
                await self.clock.sleep(self.queue.lease / CHECKS_PER_LEASE)
                due = self.clock.now() + EXTEND_AT * self.queue.lease
                for lease in list(self._leases.values()):
                    if not lease.in_request and (lease.settled or lease.expires_at < due):
                        tasks.start_soon(self._end if lease.settled else self._extend, lease)

    async def _extend(self, lease: Lease) -> None:
        handle, expires_at = lease.message.handle, self.clock.now() + self.queue.lease
        lease.in_request = True
        try:
            held = await self.queue.extend(lease.message)
        except BatcherError as error:
            self._warn_unreachable(error, "extending again")
            held = self.clock.now() < lease.expires_at
        else:
            lease.expires_at = expires_at if held else lease.expires_at
        finally:
            lease.in_request = False
        if not held and handle == lease.message.handle and self._leases.get(lease.line) is lease:
            self._mark_lost(lease)

    def _mark_lost(self, lease: Lease) -> None:
        self.log.warning(
            "message.lost", message_id=lease.message.id, target=lease.target, begun=lease.started
        )
        lease.lost = True
        if not lease.started:
            self._remove(lease)

    async def _end(self, lease: Lease) -> None:
        lease.in_request = True
        try:
            error = None if lease.result is None else lease.result.error
            applied = lease.result is not None and lease.result.status == "differs"
            if lease.result and error and self.dead_letters and not (applied or lease.lost):
                letter = with_base(lease.message, lease.result)
                may = maybe_applied_note(lease.result)
                reason = shortened(error.message or error.code, REASON_AT_MOST - len(may)) + may
                await self.queue.dead_letter(letter, error.code, reason)
            else:
                await self.queue.acknowledge(lease.message)
        except BatcherError as unreachable:
            self._warn_unreachable(unreachable, "telling it again")
            if self.clock.now() < lease.expires_at:
                return
        finally:
            lease.in_request = False
        self._remove(lease)

    def _warn_unreachable(self, error: BatcherError, doing: str) -> None:
        self.log.warning("queue.unreachable", reason=str(error), doing=doing)

    def _remove(self, lease: Lease) -> None:
        if self._leases.pop(lease.line, None) is not None:
            self._by_message.pop(lease.message.id, None)
            self._counts[lease.target] -= 1
            self.on_over(lease)
            self.on_removed()
