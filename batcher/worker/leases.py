"""The messages that a worker holds: kept for as long as they wait or are worked on, each ended or
given back.

A loan is lost when the queue says so, or when it could not be extended before its lease was over:
somebody else gets the message then. Faults of the queue are borne: what could not be told to it is
told again until the loan is lost.
"""

from collections import Counter
from collections.abc import Callable, Iterable

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.errors import BatcherError
from batcher.ports import Clock, Queue
from batcher.records import Error, Message, Result, Update

LOOKS = 6  # a lease: how often to see which loans are due
EXTEND_AT = 0.5  # of the lease: what is left of it when it is extended
# seconds; what a queue could not be told by then it finds out when the lease is over
GIVE_BACK_WITHIN = 5.0


class Lease:
    """One message held for one target.

    ``line`` is its number in this worker; ``until`` in monotonic seconds.
    """

    __slots__ = (
        "begun",
        "error",
        "in_request",
        "line",
        "lost",
        "message",
        "settled",
        "target",
        "until",
        "update",
    )

    def __init__(
        self, message: Message, line: int, target: str, until: float, update: Update | None
    ) -> None:
        self.message = message
        self.line = line
        self.target = target
        self.until = until
        self.update = update
        self.begun = False
        self.lost = False
        self.in_request = False  # the queue is being told something of it
        self.settled = False  # its result is on disk, and the queue has to be told
        self.error: Error | None = None


class Leases:
    """All loans of a worker.

    ``on_change`` is told of one fewer; ``dead_letters``: whether the queue has a place for them.
    """

    def __init__(
        self,
        queue: Queue,
        *,
        dead_letters: bool,
        clock: Clock,
        log: FilteringBoundLogger,
        on_change: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._dead_letters = dead_letters
        self._clock = clock
        self._log = log
        self._on_change = on_change
        self._leases: dict[int, Lease] = {}
        self._by_message: dict[str, Lease] = {}
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._leases)

    def __repr__(self) -> str:
        return f"<Leases {len(self)} of {self._queue!r}>"

    def __getitem__(self, line: int) -> Lease:
        return self._leases[line]

    def of(self, target: str) -> list[Lease]:
        """Those of a target, in the order they came."""
        return [lease for lease in self._leases.values() if lease.target == target]

    def held(self, target: str) -> int:
        """How many there are of a target."""
        return self._held[target]

    def renew(self, message: Message) -> bool:
        """Whether that message is held already, and came once more: from now on its new handle
        counts.
        """
        lease = self._by_message.get(message.id)
        if lease is None:
            return False
        lease.message, lease.lost = message, False
        lease.until = self._until()
        return True

    def add(self, message: Message, line: int, target: str, update: Update | None = None) -> Lease:
        """Hold a message that has just come; ``update``: what is in it, where somebody will work
        on it.
        """
        lease = self._leases[line] = self._by_message[message.id] = Lease(
            message, line, target, self._until(), update
        )
        self._held[target] += 1
        return lease

    def begin(self, line: int) -> bool:
        """Start work on a loan; False when it may be somebody else's by now."""
        if not self.has(line):
            return False
        self._leases[line].begun = True
        return True

    def has(self, line: int) -> bool:
        """Whether a loan is this worker's still.

        Where it was lost, or its lease is over, it is forgotten: it comes again.
        """
        lease = self._leases.get(line)
        if lease is None:
            return False
        if lease.lost or self._clock.now() >= lease.until:
            self._forget(lease)
            return False
        return True

    def pause(self, target: str) -> list[Lease]:
        """Nobody works on those of a target at present; returns what is left of them, in the
        order they came.
        """
        for lease in self.of(target):
            lease.begun = lease.settled
            if lease.lost and not lease.settled:
                self._forget(lease)
        return self.of(target)

    async def end(self, lease: Lease, result: Result) -> None:
        """Its result is on disk: take the message out of the queue, to the dead letters when it
        did not succeed.
        """
        lease.settled, lease.error = True, result.error
        await self._tell(lease)

    async def give_back(self, leases: Iterable[Lease]) -> None:
        """Release those that have no result; the queue lends them to others at once.

        The last that came go first.
        """
        left = [lease for lease in leases if not lease.settled]
        for lease in left:
            self._forget(lease)
        with anyio.move_on_after(GIVE_BACK_WITHIN):
            async with anyio.create_task_group() as tasks:
                for lease in reversed(left):
                    tasks.start_soon(self._release, lease)

    async def _release(self, lease: Lease) -> None:
        try:
            await self._queue.release(lease.message)
        except BatcherError as error:
            self._log.warning(
                "queue.unreachable", reason=str(error), doing="its lease ends by itself"
            )

    async def keep(self) -> None:
        """Extend what is due, and tell the queue again what it could not be told.

        Runs until it is cancelled.
        """
        async with anyio.create_task_group() as tasks:
            while True:
                await self._clock.sleep(self._queue.lease / LOOKS)
                due = self._clock.now() + EXTEND_AT * self._queue.lease
                for lease in list(self._leases.values()):
                    if not lease.in_request and (lease.settled or lease.until < due):
                        tasks.start_soon(self._tell if lease.settled else self._extend, lease)

    async def _extend(self, lease: Lease) -> None:
        handle, until = lease.message.handle, self._until()
        lease.in_request = True
        try:
            kept = await self._queue.extend(lease.message)
        except BatcherError as error:
            self._log.warning("queue.unreachable", reason=str(error), doing="extending again")
            kept = self._clock.now() < lease.until
        else:
            lease.until = until if kept else lease.until
        finally:
            lease.in_request = False
        if not kept and handle == lease.message.handle and self._leases.get(lease.line) is lease:
            self._lose(lease)

    def _lose(self, lease: Lease) -> None:
        self._log.warning(
            "message.lost", message_id=lease.message.id, target=lease.target, begun=lease.begun
        )
        lease.lost = True
        if not lease.begun:
            self._forget(lease)

    async def _tell(self, lease: Lease) -> None:
        lease.in_request = True
        try:
            if lease.error is not None and self._dead_letters and not lease.lost:
                await self._queue.dead_letter(
                    lease.message, lease.error.code, lease.error.message or lease.error.code
                )
            else:
                await self._queue.acknowledge(lease.message)
        except BatcherError as error:
            self._log.warning("queue.unreachable", reason=str(error), doing="telling it again")
            if self._clock.now() < lease.until:
                return
        finally:
            lease.in_request = False
        self._forget(lease)

    def _until(self) -> float:
        return self._clock.now() + self._queue.lease

    def _forget(self, lease: Lease) -> None:
        if self._leases.pop(lease.line, None) is not None:
            self._by_message.pop(lease.message.id, None)
            self._held[lease.target] -= 1
            self._on_change()
