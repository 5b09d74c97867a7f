"""The target workers of one session, one a target, each started with its target's first message."""

from collections.abc import Callable, Iterator

from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from batcher.config import Settings
from batcher.ports import Clock, ResultStore
from batcher.records import Result
from batcher.status.snapshot import LaneSnapshot
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers
from batcher.wiring.targets import TargetConnector
from batcher.worker.health import Health
from batcher.worker.leases import LeaseTable
from batcher.worker.prefetch import TargetLoad, room_of_worker
from batcher.worker.target_worker import TargetWorker
from batcher.worker.worker_status import lane_snapshot

RECENT = 60.0  # seconds; room for a target that got nothing for longer is no reason to receive


class TargetPool:
    """Target workers, as tasks of ``tasks``, that put results into ``journal``."""

    def __init__(
        self,
        settings: Settings,
        pacers: Pacers,
        lanes: Lanes,
        leases: LeaseTable,
        journal: ResultStore,
        health: Health,
        tasks: TaskGroup,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
        on_result: Callable[[Result], None],
    ) -> None:
        self._settings = settings
        self._connector = TargetConnector(settings)
        self._pacers = pacers
        self._lanes = lanes
        self._leases = leases
        self._journal = journal
        self._health = health
        self._tasks = tasks
        self._clock = clock
        self._log = log
        self._on_result = on_result
        self._workers: dict[str, TargetWorker] = {}
        self._latest: dict[str, float] = {}  # when each target got its latest message

    def __repr__(self) -> str:
        return f"<TargetPool {list(self._workers.values())}>"

    def worker(self, target: str) -> TargetWorker:
        """The worker of a target that a message has come for."""
        self._latest[target] = self._clock.now()
        if target not in self._workers:
            worker = self._workers[target] = TargetWorker(
                target,
                self._connector,
                self._pacers,
                self._lanes,
                self._leases,
                self._journal,
                clock=self._clock,
                log=self._log,
                on_result=self._on_result,
                on_unusable=self._mark_target,
            )
            self._tasks.start_soon(worker.run)
        return self._workers[target]

    def room(self) -> int:
        """How many messages more can be sent soon."""
        ahead, since = self._settings.ahead, self._clock.now() - RECENT
        loads = [
            TargetLoad(worker.room(ahead), worker.is_waiting, self._latest[name] > since)
            for name, worker in self._workers.items()
        ]
        known = len(self._settings.known_targets)
        return room_of_worker(loads, held=len(self._leases), known_targets=known)

    def all_waiting(self) -> bool:
        """Whether nothing that is held can be worked on, because its targets can't be used."""
        waiting = [worker for worker in self._workers.values() if worker.is_waiting]
        held = sum(self._leases.count(worker.name) for worker in waiting)
        return bool(waiting) and len(self._leases) == held

    def close(self, reason: str) -> None:
        """Take nothing new, finish what is in flight, and end."""
        for worker in self._workers.values():
            worker.close(reason)

    def abort(self) -> None:
        """End now."""
        for worker in self._workers.values():
            worker.abort()

    def lane_snapshots(self) -> Iterator[LaneSnapshot]:
        """The lanes that are open at this moment."""
        for worker in self._workers.values():
            if worker.lane is not None:
                yield lane_snapshot(self._pacers, worker.lane, worker.tally)

    def _mark_target(self, target: str, unusable: str | None) -> None:
        if unusable is None:
            self._health.mark_healthy(f"target {target}")
        else:
            self._health.mark_unhealthy(f"target {target}", unusable)
