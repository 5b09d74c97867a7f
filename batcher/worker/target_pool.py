"""The target workers of one session, one a target, each started with its target's first message."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from anyio.abc import TaskGroup

from batcher.config import Settings
from batcher.ports import Clock
from batcher.records import Update
from batcher.sources.trigger_turns import TriggerTurns
from batcher.status.snapshot import LaneSnapshot
from batcher.worker.leases import LeaseTable
from batcher.worker.prefetch import HELD_AT_MOST, TargetLoad, room_of_worker
from batcher.worker.target_worker import TargetWorker

IDLE_AFTER = 900.0  # seconds without a message, after which a target is let go of
IDLE_EVERY = 60.0  # seconds, to see which ones
RECENT = 60.0  # seconds; room for a target that got nothing for longer is no reason to receive


@dataclass(eq=False, repr=False, kw_only=True)
class TargetPool:
    """Target workers as tasks. ``make``: a new one, by the name of its target.

    ``turns``: what has the order of triggers among them; None: there is one target.
    """

    make: Callable[[str], TargetWorker]
    tasks: TaskGroup
    settings: Settings
    leases: LeaseTable
    clock: Clock
    turns: TriggerTurns | None = None
    workers: dict[str, TargetWorker] = field(default_factory=dict)
    latest: dict[str, float] = field(default_factory=dict)  # when each got its latest message

    def __repr__(self) -> str:
        return f"<TargetPool {list(self.workers.values())}>"

    def worker(self, target: str) -> TargetWorker:
        """The worker of a target that a message has come for."""
        self.latest[target] = self.clock.now()
        if target not in self.workers:
            self.workers[target] = self.make(target)
            self.tasks.start_soon(self.workers[target].run)
        return self.workers[target]

    def room(self) -> int:
        """How many messages more can be sent soon."""
        if len(self.leases) >= HELD_AT_MOST:
            return 0  # asked after each result: a thousand targets need not be looked through
        ahead, since = self.settings.ahead, self.clock.now() - RECENT
        held_up = self._held_up()
        loads = [
            TargetLoad(
                worker.room(ahead, held_up[name]), worker.is_waiting, self.latest[name] > since
            )
            for name, worker in self.workers.items()
        ]
        known = len(self.settings.known_targets)
        return room_of_worker(loads, held=len(self.leases), known_targets=known)

    def all_waiting(self) -> bool:
        """Whether nothing that is held can be worked on, because its targets can't be used."""
        waiting = [worker for worker in self.workers.values() if worker.is_waiting]
        held = sum(self.leases.count(worker.name) for worker in waiting)
        return bool(waiting) and len(self.leases) == held + self._held_up().total()

    def _held_up(self) -> Counter[str]:
        """How many messages of each target wait for one that can't be used."""
        unusable = {worker.name for worker in self.workers.values() if worker.is_waiting}
        if self.turns is None or not (unusable and len(self.turns)):
            return Counter()  # asked after each result: what is held need not be looked through
        first: dict[tuple[str, str, str], Update] = {}  # what waits for later ones does for it, too
        for lease in self.leases.unsettled():
            if lease.target in unusable and (held := lease.update) is not None:
                first.setdefault((held.target, held.domain, held.trigger), held)
        behind = {
            each.line: each.target for held in first.values() for each in self.turns.behind(held)
        }
        return Counter(target for target in behind.values() if target not in unusable)

    async def run_rest(self) -> None:
        """Have targets rest that get no messages. Runs until it is cancelled."""
        while True:
            await self.clock.sleep(IDLE_EVERY)
            before = self.clock.now() - IDLE_AFTER
            for name, worker in self.workers.items():
                if self.latest[name] <= before:
                    worker.rest()

    def close(self, reason: str) -> None:
        """Take nothing new, finish what is in flight, and end."""
        for worker in self.workers.values():
            worker.close(reason)

    def abort(self) -> None:
        """End now."""
        for worker in self.workers.values():
            worker.abort()

    def lane_snapshots(self) -> Iterator[LaneSnapshot]:
        """The lanes that are open at this moment."""
        for worker in self.workers.values():
            yield from worker.lane_snapshots()
