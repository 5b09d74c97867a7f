"""What a worker shows of itself: results counted, the depth of its queue, its lanes at one moment.

Put together here, shown by ``status``.
"""

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import anyio

from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import Verdict
from batcher.clock import SystemClock
from batcher.engine.pace_control import PaceControl
from batcher.errors import BatcherError
from batcher.foreign_text import shortened
from batcher.jobs.queue_admin import shown_letter
from batcher.limiters.sent_rate import SentRate
from batcher.ports import AttemptMade, QueueAdmin
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import STATUSES, DeadLetter, Depth, FleetMember, Result
from batcher.status import history
from batcher.status.history import History, Totals
from batcher.status.metrics import Metrics
from batcher.status.snapshot import (
    LaneSnapshot,
    LetterSnapshot,
    RecordedFailure,
    WorkerSnapshot,
)
from batcher.target_identity import TargetIdentity
from batcher.version import __version__
from batcher.wiring.pacers import Pacers
from batcher.worker.health import STUCK_AFTER, Health

DEPTH_EVERY = 15.0  # seconds at most, for a queue that takes money or long for an answer
DEPTH_PART = 0.02  # of the time at most is spent on asking
SENT_OF = 5.0  # seconds, of which it is shown how much is sent
MEMBERS_EVERY = 2.0  # seconds
FAILURES = 20  # kept at most
LETTERS = 10  # dead letters looked at, at most
TEXT_AT_MOST = 300  # characters of what others wrote


class WorkerStatus:
    """Counts the results of a worker and takes snapshots of it.

    ``lanes``, ``files_waiting`` and ``pacers`` are asked at each snapshot, and set by the worker
    once it has any; ``folder``: where its results are.
    """

    def __init__(
        self, queue: str, health: Health, clock: SystemClock, control: PaceControl
    ) -> None:
        self.tally = Tally()
        self.metrics = Metrics()
        self.lanes: Callable[[], Iterable[LaneSnapshot]] = tuple
        self.files_waiting: Callable[[], int | None] = lambda: None
        self.pacers: Callable[[], Pacers | None] = lambda: None
        self.folder: str | None = None
        self.history = History()
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._queue = queue
        self._health = health
        self._clock = clock
        self._control = control
        self._started_at = clock.wall()
        self._started = clock.now()
        self._failures: deque[RecordedFailure] = deque(maxlen=FAILURES)
        self._failed = self._requests = self._throttles = 0
        self._sent = SentRate(SENT_OF)
        self.depth: Depth | None = None
        self._depth_at = 0.0  # when it was that
        self._letters: tuple[LetterSnapshot, ...] | None = None
        self._members: tuple[FleetMember, ...] | None = None
        self._alone = False  # as the members could not be asked for

    def count(self, result: Result) -> None:
        self.tally.add(result)
        self.metrics.settled(result)

    def keep(self, record: Result, file: str, line: int) -> None:
        """Take note of a record that is on disk: of failures the latest are shown."""
        if record.error is not None:
            self._failed += 1
            failure = RecordedFailure(number=self._failed, record=record, file=file, line=line)
            self._failures.appendleft(failure)

    def count_attempt(self, made: AttemptMade, _: TargetIdentity) -> None:
        self.metrics.attempted(made.target, made.operation, made.verdict, made.attempt.seconds)
        if made.verdict is not Verdict.UNSENT:
            self._requests += 1
            self._sent.add(self._clock.now())
        self._throttles += made.verdict is Verdict.THROTTLED

    async def watch_depth(self, admin: QueueAdmin | SpoolDirectory) -> None:
        """Ask for the depth of the queue now and then. Runs until it is cancelled."""
        while True:
            asked_at = self._clock.now()
            try:
                self.depth, self._depth_at = await admin.depth(), self._clock.now()
                self._letters = await _newest_letters(admin) if self.depth.dead else ()
            except (BatcherError, OSError):
                self.depth = self._letters = None
            took = self._clock.now() - asked_at
            await anyio.sleep(min(DEPTH_EVERY, max(admin.depth_every, took / DEPTH_PART)))

    @property
    def depth_age(self) -> float:
        """Seconds since the queue had that depth."""
        return self._clock.now() - self._depth_at

    async def watch_members(self) -> None:
        """Ask for the members of the fleet now and then. Runs until it is cancelled."""
        while True:
            pacers = self.pacers()
            found = None if pacers is None else await pacers.members()
            self._members = None if found is None else tuple(found)
            self._alone = pacers is not None and pacers.is_shared and found is None
            await anyio.sleep(MEMBERS_EVERY)

    async def watch_pace(self) -> None:
        """Take a moment of the last hour in now and then. Runs until it is cancelled."""
        while True:
            counts = self.tally.counts(self.tally.done)
            totals = Totals(
                requests=self._requests,
                throttles=self._throttles,
                results={status: getattr(counts, status) for status in STATUSES},
            )
            now, at = self._clock.now(), self._clock.epoch()
            self.history.note(now, at, totals, self.lanes(), self.depth)
            await anyio.sleep(history.EVERY)

    def snapshot(self) -> WorkerSnapshot:
        """The worker at this moment."""
        stopping, age = self._health.stop.is_set(), self._health.heartbeat_age
        reason = "it is stopping" if stopping else self._health.not_ready
        pacers = self.pacers()
        is_shared = pacers is not None and pacers.is_shared
        return WorkerSnapshot(
            ready=reason is None,
            reason=reason,
            paused=self._control.paused,
            alive=age < STUCK_AFTER,
            queue=self._queue,
            worker=self.name,
            version=__version__,
            started_at=self._started_at,
            uptime_seconds=self._clock.now() - self._started,
            heartbeat_at=self._clock.epoch() - age,
            depth=self.depth,
            files_waiting=self.files_waiting(),
            folder=self.folder,
            counts=self.tally.counts(self.tally.done),
            sent=self._sent.rate(self._clock.now()),
            lanes=tuple(self.lanes()),
            recent=tuple(self._failures),
            letters=self._letters,
            members=self._members if is_shared else None,
            alone=is_shared and self._alone,
            unusable=tuple(self._health.unusable()),
        )


async def _newest_letters(
    admin: QueueAdmin | SpoolDirectory,
) -> tuple[LetterSnapshot, ...] | None:
    """The newest dead letters by their names; None where the queue can't tell."""
    if isinstance(admin, SpoolDirectory):
        failures = admin.newest_failures(LETTERS).items()
        return tuple(LetterSnapshot(name=name, reason=_short(why)) for name, why in failures)
    letters = await admin.newest_dead(LETTERS)
    return None if letters is None else tuple(map(_letter, letters))


def _letter(letter: DeadLetter) -> LetterSnapshot:
    shown = shown_letter(letter)
    return LetterSnapshot(
        name=_short(letter.id if shown.id is None else shown.id),
        target=None if shown.target is None else _short(shown.target),
        domain=None if shown.domain is None else _short(shown.domain),
        trigger=None if shown.trigger is None else _short(shown.trigger),
        code=_short(shown.code),
        reason=_short(shown.reason),
    )


def _short(said: Any) -> str:
    """What others wrote where a name should be, cut where it is very long."""
    is_name = isinstance(said, str) or (isinstance(said, int) and abs(said) < 2**64)
    return shortened(str(said), TEXT_AT_MOST) if is_name else "?"
