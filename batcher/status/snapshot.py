"""A worker at one moment: records that the worker fills in and the page and the metrics show."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from batcher.accounting.tally import WELL
from batcher.operations import UPDATE_TRIGGER
from batcher.records import STATUSES, Counts, Depth, FleetMember, Result

REASONS_TOLD = 5  # in one text; the others are counted


class LaneSnapshot(Struct, frozen=True, kw_only=True):
    """One (target, operation): its pace in requests per second, and what is under way.

    ``rate`` is the pace at present, ``quota`` what AWS is thought to allow; None while nothing is
    known; of all processes together where they share the quota. ``bound``: what this process was
    told while it works, where that is less than its pace would be; None: nothing less. ``bucket``:
    lanes of one name have one pace and quota between them, None: its own. ``token_seconds`` were
    spent waiting for tokens since the worker began. ``counts`` are of results, None for an
    operation without any.
    ``no_images``: why no before images are kept, None where they are.
    """

    target: str
    operation: str
    rate: float | None = None
    quota: float | None = None
    bound: float | None = None
    bucket: str | None = None
    in_flight: int = 0
    waiting: int = 0
    token_seconds: float = 0.0
    counts: Counts | None = None
    no_images: str | None = None

    @property
    def unsuccessful(self) -> int:
        """How many of its updates came to no good."""
        bad = [status for status in STATUSES if status not in WELL]
        return 0 if self.counts is None else sum(getattr(self.counts, each) for each in bad)


def paces_together(lanes: Iterable[LaneSnapshot]) -> tuple[float | None, float | None]:
    """Pace and quota of the updates of all lanes, each bucket once; None where none is known.

    Of the quota also where that of any with a pace is not: it would be less than their pace.
    """
    updates = [lane for lane in lanes if lane.operation == UPDATE_TRIGGER]
    once = {id(lane) if lane.bucket is None else lane.bucket: lane for lane in updates}.values()
    rates = [lane.rate for lane in once if lane.rate is not None]
    quotas = [lane.quota for lane in once if lane.rate is not None]
    known = sum(quota for quota in quotas if quota is not None) if None not in quotas else 0
    return sum(rates) or None, known or None


class UnusableTarget(Struct, frozen=True, kw_only=True):
    """A target to which nothing is sent now, and why, as a text for people."""

    target: str
    reason: str


class RecordedFailure(Struct, frozen=True, kw_only=True):
    """A result without success, as it stands on disk, and where.

    ``number``: of this worker's failures, from 1; ``file``: without the directory that the results
    are in; ``line``: of that file, from 1.
    """

    number: int
    record: Result
    file: str
    line: int


class LetterSnapshot(Struct, frozen=True, kw_only=True):
    """What may be shown of a dead letter, of a spool directory a file that failed.

    ``name``: the id of the update, or the name of the file.
    """

    name: str
    target: str | None = None
    domain: str | None = None
    trigger: str | None = None
    code: str | None = None
    reason: str = ""


class WorkerSnapshot(Struct, frozen=True, kw_only=True):
    """A worker at one moment.

    No secrets: ``queue`` is the URL without a password; no message in ``recent`` quotes a value.

    ``reason``: why it is not ready, or not alive; a text for people. ``alive``: its loop turns.
    ``paused``: why it sends nothing, though it could; None: it does.
    ``depth`` is None where the queue could not be asked. ``recent`` are failures, newest first.
    ``counts``: of all its results; ``sent``: requests a second of late, to all targets.
    ``started_at`` is UTC, ISO 8601, ``heartbeat_at`` seconds since the epoch. ``files_waiting``:
    results files not yet sent on, None where none are. ``letters``: the newest dead letters, None
    where the queue can't tell without taking them. ``members``: of the fleet that shares the
    quota, None where none does; ``alone``: the Redis of the limiter is away. ``folder``: where the
    files of the results are. ``unusable``: targets that can't be used now. ``more_targets`` and
    ``more_well``: of those that are left out.
    """

    ready: bool
    reason: str | None = None
    paused: str | None = None
    alive: bool
    queue: str
    worker: str
    version: str = ""
    started_at: str
    uptime_seconds: float = 0.0
    heartbeat_at: float | None = None
    depth: Depth | None = None
    files_waiting: int | None = None
    folder: str | None = None
    counts: Counts = Counts()
    sent: float | None = None
    lanes: tuple[LaneSnapshot, ...] = ()
    recent: tuple[RecordedFailure, ...] = ()
    letters: tuple[LetterSnapshot, ...] | None = None
    members: tuple[FleetMember, ...] | None = None
    alone: bool = False
    unusable: tuple[UnusableTarget, ...] = ()
    more_targets: int = 0
    more_well: int = 0

    def by_health(self) -> tuple[list[LaneSnapshot], list[LaneSnapshot]]:
        """The lanes of targets that are not well, those that can't be used first, and the others.

        Well is of what nothing needs a look.
        """
        names = {each.target for each in self.unusable}
        ill = [lane for lane in self.lanes if lane.target in names or lane.unsuccessful]
        ill.sort(key=lambda lane: (lane.target not in names, -lane.unsuccessful))
        found = set(map(id, ill))
        return ill, [lane for lane in self.lanes if id(lane) not in found]

    def brief(self, at_most: int) -> "WorkerSnapshot":
        """A copy with so many lanes; of more those not well come first, and others are counted."""
        if len(self.lanes) <= at_most and len(self.unusable) <= at_most:
            return self
        ill, well = self.by_health()
        lanes, unusable = [*ill, *well][:at_most], self.unusable[:at_most]
        shown = target_names(lanes, unusable)
        return replace(
            self,
            lanes=tuple(lanes),
            unusable=unusable,
            more_targets=len(target_names(self.lanes, self.unusable) - shown),
            more_well=len({lane.target for lane in well} - shown),
        )


def target_names(lanes: Iterable[LaneSnapshot], unusable: Iterable[UnusableTarget]) -> set[str]:
    """The targets of lanes and those that can't be used, each once."""
    return {lane.target for lane in lanes} | {each.target for each in unusable}
