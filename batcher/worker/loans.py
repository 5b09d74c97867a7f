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


class Loan:
    """One message held for one target.

    ``line`` is its number in this worker; ``until`` in monotonic seconds.
    """

    __slots__ = (
        "begun",
        "error",
        "line",
        "lost",
        "message",
        "settled",
        "talking",
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
        self.talking = False  # the queue is being told something of it
        self.settled = False  # its result is on disk, and the queue has to be told
        self.error: Error | None = None


class Loans:
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
        self._loans: dict[int, Loan] = {}
        self._by_message: dict[str, Loan] = {}
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._loans)

    def __repr__(self) -> str:
        return f"<Loans {len(self)} of {self._queue!r}>"

    def __getitem__(self, line: int) -> Loan:
        return self._loans[line]

    def of(self, target: str) -> list[Loan]:
        """Those of a target, in the order they came."""
        return [loan for loan in self._loans.values() if loan.target == target]

    def held(self, target: str) -> int:
        """How many there are of a target."""
        return self._held[target]

    def renew(self, message: Message) -> bool:
        """Whether that message is held already, and came once more: from now on its new handle
        counts.
        """
        loan = self._by_message.get(message.id)
        if loan is None:
            return False
        loan.message, loan.lost = message, False
        loan.until = self._until()
        return True

    def add(self, message: Message, line: int, target: str, update: Update | None = None) -> Loan:
        """Hold a message that has just come; ``update``: what is in it, where somebody will work
        on it.
        """
        loan = self._loans[line] = self._by_message[message.id] = Loan(
            message, line, target, self._until(), update
        )
        self._held[target] += 1
        return loan

    def begin(self, line: int) -> bool:
        """Start work on a loan; False when it may be somebody else's by now."""
        if not self.has(line):
            return False
        self._loans[line].begun = True
        return True

    def has(self, line: int) -> bool:
        """Whether a loan is this worker's still.

        Where it was lost, or its lease is over, it is forgotten: it comes again.
        """
        loan = self._loans.get(line)
        if loan is None:
            return False
        if loan.lost or self._clock.now() >= loan.until:
            self._forget(loan)
            return False
        return True

    def lay_down(self, target: str) -> list[Loan]:
        """Nobody works on those of a target at present; returns what is left of them, in the
        order they came.
        """
        for loan in self.of(target):
            loan.begun = loan.settled
            if loan.lost and not loan.settled:
                self._forget(loan)
        return self.of(target)

    async def end(self, loan: Loan, result: Result) -> None:
        """Its result is on disk: take the message out of the queue, to the dead letters when it
        did not succeed.
        """
        loan.settled, loan.error = True, result.error
        await self._tell(loan)

    async def give_back(self, loans: Iterable[Loan]) -> None:
        """Release those that have no result; the queue lends them to others at once.

        The last that came go first.
        """
        left = [loan for loan in loans if not loan.settled]
        for loan in left:
            self._forget(loan)
        with anyio.move_on_after(GIVE_BACK_WITHIN):
            async with anyio.create_task_group() as tasks:
                for loan in reversed(left):
                    tasks.start_soon(self._release, loan)

    async def _release(self, loan: Loan) -> None:
        try:
            await self._queue.release(loan.message)
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
                for loan in list(self._loans.values()):
                    if not loan.talking and (loan.settled or loan.until < due):
                        tasks.start_soon(self._tell if loan.settled else self._extend, loan)

    async def _extend(self, loan: Loan) -> None:
        handle, until = loan.message.handle, self._until()
        loan.talking = True
        try:
            kept = await self._queue.extend(loan.message)
        except BatcherError as error:
            self._log.warning("queue.unreachable", reason=str(error), doing="extending again")
            kept = self._clock.now() < loan.until
        else:
            loan.until = until if kept else loan.until
        finally:
            loan.talking = False
        if not kept and handle == loan.message.handle and self._loans.get(loan.line) is loan:
            self._lose(loan)

    def _lose(self, loan: Loan) -> None:
        self._log.warning(
            "message.lost", message_id=loan.message.id, target=loan.target, begun=loan.begun
        )
        loan.lost = True
        if not loan.begun:
            self._forget(loan)

    async def _tell(self, loan: Loan) -> None:
        loan.talking = True
        try:
            if loan.error is not None and self._dead_letters and not loan.lost:
                await self._queue.set_aside(
                    loan.message, loan.error.code, loan.error.message or loan.error.code
                )
            else:
                await self._queue.acknowledge(loan.message)
        except BatcherError as error:
            self._log.warning("queue.unreachable", reason=str(error), doing="telling it again")
            if self._clock.now() < loan.until:
                return
        finally:
            loan.talking = False
        self._forget(loan)

    def _until(self) -> float:
        return self._clock.now() + self._queue.lease

    def _forget(self, loan: Loan) -> None:
        if self._loans.pop(loan.line, None) is not None:
            self._by_message.pop(loan.message.id, None)
            self._held[loan.target] -= 1
            self._on_change()
