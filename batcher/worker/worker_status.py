"""What a worker shows of itself: results counted, the depth of its queue, its lanes at one moment.

Put together here, shown by ``status``.
"""

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable

import anyio

from batcher.accounting.tally import Tally
from batcher.clock import SystemClock
from batcher.engine.lane import Lane
from batcher.engine.pace_control import PaceControl
from batcher.errors import BatcherError
from batcher.operations import UPDATE_TRIGGER
from batcher.ports import AttemptMade, QueueAdmin
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import Depth, Result
from batcher.status.metrics import Metrics
from batcher.status.page import FAILURES
from batcher.status.snapshot import LaneSnapshot, WorkerSnapshot
from batcher.target_identity import TargetIdentity
from batcher.wiring.pacers import Pacers
from batcher.worker.health import STUCK_AFTER, Health

DEPTH_EVERY = 15.0  # seconds


class WorkerStatus:
    """Counts the results of a worker and takes snapshots of it.

    ``lanes`` and ``files_waiting`` are asked at each snapshot, and set by the worker once it has
    any.
    """

    def __init__(
        self, queue: str, health: Health, clock: SystemClock, control: PaceControl
    ) -> None:
        self.tally = Tally()
        self.metrics = Metrics()
        self.lanes: Callable[[], Iterable[LaneSnapshot]] = tuple
        self.files_waiting: Callable[[], int | None] = lambda: None
        self._queue = queue
        self._health = health
        self._clock = clock
        self._control = control
        self._started_at = clock.wall()
        self._failures: deque[Result] = deque(maxlen=FAILURES)
        self._depth: Depth | None = None

    def count(self, result: Result) -> None:
        self.tally.add(result)
        self.metrics.settled(result)
        if result.error is not None:
            self._failures.appendleft(result)

    def count_attempt(self, made: AttemptMade, _: TargetIdentity) -> None:
        self.metrics.attempted(made.target, made.operation, made.verdict, made.attempt.seconds)

    async def watch_depth(self, admin: QueueAdmin | SpoolDirectory) -> None:
        """Ask for the depth of the queue now and then. Runs until it is cancelled."""
        while True:
            try:
                self._depth = await admin.depth()
            except (BatcherError, OSError):
                self._depth = None
            await anyio.sleep(DEPTH_EVERY)

    def snapshot(self) -> WorkerSnapshot:
        """The worker at this moment."""
        stopping, age = self._health.stop.is_set(), self._health.heartbeat_age
        reason = "it is stopping" if stopping else self._health.not_ready
        return WorkerSnapshot(
            ready=reason is None,
            reason=reason,
            paused=self._control.paused,
            alive=age < STUCK_AFTER,
            queue=self._queue,
            worker=f"{socket.gethostname()}:{os.getpid()}",
            started_at=self._started_at,
            heartbeat_at=self._clock.epoch() - age,
            depth=self._depth,
            files_waiting=self.files_waiting(),
            lanes=tuple(self.lanes()),
            recent=tuple(self._failures),
        )


def lane_snapshot(
    pacers: Pacers, lane: Lane, tally: Tally, *, no_images: str | None
) -> LaneSnapshot:
    """A lane at this moment; ``tally``: of all results of its target, by earlier lanes too."""
    learned = pacers.learned(lane.pacer)
    return LaneSnapshot(
        target=lane.target,
        operation=UPDATE_TRIGGER,
        rate=lane.pacer.limiter.rate,
        quota=learned.rate if learned.doubt < 1 else None,
        in_flight=lane.pacer.in_flight,
        waiting=lane.pacer.waiting,
        token_seconds=lane.pacer.time_breakdown.token_seconds,
        counts=tally.counts(tally.done),
        no_images=no_images,
    )
