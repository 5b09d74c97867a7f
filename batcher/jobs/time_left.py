"""How long a target still takes: what is left, and what its quota and its bounds allow of it.

Pauses that end when somebody says so, and outages, are not reckoned with: nobody knows their end.
"""

from collections.abc import Callable
from datetime import datetime
from math import inf, isfinite

from msgspec import Struct

from batcher.accounting.timed_pace import TimedPace
from batcher.config import Settings
from batcher.control.timetable_watch import TIMETABLE
from batcher.engine.lane import Lane
from batcher.engine.pacing import Pacer
from batcher.jobs.progress_snapshot import PaceBasis, QuotaBasis
from batcher.limiters.bucket_settings import lower_of
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.quota_file import Remembered

CLEARLY_SLOWER = 0.8  # of what the quota allows: then something else holds it up
SLIGHTLY_FASTER = 1.05  # than what is known of reading, which is measured, too


class QuotaInUse(Struct, frozen=True, kw_only=True):
    """The quota of a target's updates as it is known.

    ``limited``: a ceiling lies beneath it; ``searched``: no throttle has shown it so far, or none
    did at the pace that is guessed now.
    """

    rate: float | None = None
    basis: QuotaBasis | None = None
    limited: bool = False
    searched: bool = False


class TimeLeft(Struct, frozen=True, kw_only=True):
    """Seconds that are left at a pace, in updates per second; None: not known."""

    seconds: float | None = None
    pace: float | None = None
    basis: PaceBasis | None = None


def quota_in_use(
    lane: Lane,
    learned: EstimatedQuota,
    known: Remembered | None,
    ceiling: float | None,
    tried: float | None = None,
) -> QuotaInUse:
    """What is known of the quota of a lane's updates.

    ``known``: what earlier runs had found when this one began; ``ceiling``: updates per second that
    the settings allow; ``tried``: requests to write per second of late, None where that says
    nothing. A guess far above these is one that nothing speaks for: it goes up as long as whatever
    else holds the updates, such as the looks before them, keeps throttles away.
    """
    rate = lane.pacer.limiter.rate
    limited = ceiling is not None and (rate is None or rate >= ceiling)
    if not learned.is_guess:
        remembered = known is not None and known.rate == learned.rate
        basis: QuotaBasis = "remembered" if remembered else "estimate"
        return QuotaInUse(rate=learned.rate, basis=basis, limited=limited)
    if limited or rate is None:
        return QuotaInUse(limited=limited)
    if learned.burst is None or (tried is not None and tried < CLEARLY_SLOWER * rate):
        return QuotaInUse(searched=True)
    return QuotaInUse(rate=rate, basis="guess")


class LeftReckoner:
    """Reckons what is left of targets, by their lanes.

    ``wall``: the time of day, ISO 8601; ``reads``: looks at each trigger before its update.
    """

    def __init__(self, settings: Settings, wall: Callable[[], str], *, reads: float) -> None:
        self._settings = settings
        self._wall = wall
        self._reads = reads

    def left(
        self, lane: Lane, updates: int, *, writes: float, measured: float | None, quota: QuotaInUse
    ) -> TimeLeft:
        """The time for so many updates.

        ``writes``: requests to write for each of them; ``measured``: updates per second of late,
        None where that says nothing.
        """
        if not updates:
            return TimeLeft(seconds=0.0)
        timetable = self._settings.timetable
        without = TIMETABLE if timetable is not None else None
        if lane.pacer.bound() != lane.pacer.bound(without):
            measured = None  # that is the pace of this interval of the timetable alone
        pace = _allowed(lane.pacer, without)
        basis: PaceBasis = "limit" if quota.limited else "search" if quota.searched else "quota"
        if pace is not None:
            held = lane.pacer.bound(without)
            if held is not None and held <= pace:
                basis = "limit"
            pace = pace / writes if writes else inf
        reading = None if lane.reading is None else _allowed(lane.reading, without)
        reading = reading / self._reads if self._reads and reading is not None else inf
        if measured is None and reading < (inf if pace is None else pace):
            pace, basis = reading, "reading"
        if measured is not None and (pace is None or measured < CLEARLY_SLOWER * pace):
            is_held = CLEARLY_SLOWER * reading <= measured <= SLIGHTLY_FASTER * reading
            pace, basis = measured, "reading" if is_held else "measured"
        if timetable is not None:
            return self._timed(lane, updates, pace, basis)
        if pace is None or not isfinite(pace) or pace <= 0:
            return TimeLeft()
        return TimeLeft(seconds=updates / pace, pace=pace, basis=basis)

    def _timed(self, lane: Lane, updates: int, pace: float | None, basis: PaceBasis) -> TimeLeft:
        """The time under a timetable, whose pauses and bounds are walked through."""
        timetable = self._settings.timetable
        if pace is None or not isfinite(pace) or timetable is None:
            return TimeLeft()
        timed = TimedPace(
            timetable=timetable,
            zone=self._settings.zone,
            begin=datetime.fromisoformat(self._wall()).timestamp(),
            quota=lane.pacer.limiter.own_rate,
        )
        seconds = timed.seconds(updates, pace)
        return TimeLeft(seconds=seconds if isfinite(seconds) else None, pace=pace, basis=basis)


def _allowed(pacer: Pacer, without: str | None) -> float | None:
    """Requests per second that leave at most; ``without``: a bound that is left out."""
    return lower_of(pacer.limiter.own_rate, pacer.bound(without))
