"""How long a run takes, target by target, from the rates that are known; held against a deadline.

Numbers only. What is said of them, the command line says.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil, inf
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from batcher.accounting.completion_time import Deadline, Workload
from batcher.accounting.timed_pace import TimedPace
from batcher.config import TargetSettings
from batcher.storage.quota_file import Remembered, seconds_between

LIKELY_RATE = 1.0  # per second: what AWS allows for neighbouring calls; it publishes none for these


class TargetForecast(Struct, frozen=True, kw_only=True):
    """What one target has before it: triggers to look at, and updates to write.

    ``known``: what earlier runs found its quota to be, None for nothing or a guess; ``now``: when
    that was looked up, UTC. ``shares_with``: other targets of its account and Region: their work is
    in ``reading`` and ``writing``, and of settings that are at odds the lower ones count.
    """

    target: str
    settings: TargetSettings
    reading: Workload
    writing: Workload
    known: Remembered | None
    now: str
    shares_with: tuple[str, ...] = ()

    @property
    def reading_decides(self) -> bool:
        """Whether looking takes longer than writing, as far as is known."""
        return (self.reading.seconds or 0.0) > (self.writing.seconds or 0.0)

    @property
    def least(self) -> Workload:
        """What it takes at least: reading and writing go side by side."""
        return self.reading if self.reading_decides else self.writing

    @property
    def work(self) -> Workload:
        """What it takes; without a rate where that of writing is not known."""
        return self.writing if self.writing.rate is None else self.least


class SharedLoad(NamedTuple):
    """Another target of the same account and Region, and the updates that it has left."""

    target: str
    settings: TargetSettings
    updates: int


class DeadlineForecast(Struct, frozen=True, kw_only=True):
    """A deadline, the seconds left, targets that can't keep it, and those of unknown duration.

    ``soaks``: seconds between the waves, in which nothing is sent and which are not left.
    """

    deadline: Deadline
    seconds_left: float
    late: list[TargetForecast]
    unknown: list[TargetForecast]
    soaks: float = 0.0


def forecast(
    target: str,
    settings: TargetSettings,
    *,
    updates: int,
    looks: bool,
    read_back: float = 0.0,
    writing: Remembered | None,
    reading: Remembered | None,
    now: str,
    timed: TimedPace | None = None,
    others: Sequence[SharedLoad] = (),
) -> TargetForecast:
    """The forecast of a target with so many updates left.

    ``looks``: whether each trigger is looked at first; ``read_back``: part of them that is read
    once more when it was accepted; ``writing`` and ``reading``: what is remembered of the two
    quotas; ``timed``: the timetable that it keeps to; ``others``: who use these quotas, too, at the
    same time and in turns, so that all of them end together.
    """
    settings = _lowered(settings, others)
    updates += sum(each.updates for each in others)
    known, reads = _known(writing), _known(reading)
    burst, read_ceiling = settings.burst or 1.0, settings.read_ceiling
    to_read = Workload(updates=0, rate=None)
    if reads_of := updates * looks + ceil(updates * read_back):
        to_read = _timed(
            _workload(reads_of, settings, read_ceiling, 1.0, reads, now), timed, reads, writes=False
        )
    return TargetForecast(
        target=target,
        settings=settings,
        reading=to_read,
        writing=_timed(
            _workload(updates, settings, settings.ceiling, burst, known, now), timed, known
        ),
        known=known,
        now=now,
        shares_with=tuple(each.target for each in others),
    )


def hold_against(
    deadline: Deadline, forecasts: Iterable[TargetForecast], now: datetime, soaks: float = 0.0
) -> DeadlineForecast:
    """What the deadline means for those targets. ``now``: local time, naive."""
    left = deadline.seconds_from(now) - soaks
    return DeadlineForecast(
        deadline=deadline,
        seconds_left=left,
        late=[each for each in forecasts if (each.least.seconds or 0.0) > left],
        unknown=[each for each in forecasts if each.work.seconds is None],
        soaks=soaks,
    )


def _lowered(settings: TargetSettings, others: Sequence[SharedLoad]) -> TargetSettings:
    """Settings of a quota that several targets have: the lowest rate counts, with its burst."""
    of_all = [settings, *(each.settings for each in others)]
    slowest = min(of_all, key=lambda each: inf if each.ceiling is None else each.ceiling)
    reader = min(of_all, key=lambda each: inf if each.read_ceiling is None else each.read_ceiling)
    modest = min(of_all, key=lambda each: each.share.fraction)
    return replace(
        settings,
        rate=slowest.rate,
        burst=slowest.burst,
        read_rate=reader.read_rate,
        share=modest.share,
    )


def _workload(
    updates: int,
    settings: TargetSettings,
    ceiling: float | None,
    burst: float,
    found: Remembered | None,
    now: str,
) -> Workload:
    """So many requests beneath a ceiling, and beneath the quota that was found."""
    bounds = []  # rate and burst of each
    if ceiling is not None:
        bounds.append((ceiling, burst))
    if found is not None:
        saved_up = 1.0  # tokens that the quota's bucket holds by now
        if settings.share.fraction == 1 and found.burst is not None:
            idle = seconds_between(found.used_at, now)
            saved_up = max(1.0, min(found.burst, found.rate * idle))
        bounds.append((found.rate * settings.share.fraction, saved_up))
    if not bounds:
        return Workload(updates=updates, rate=None)
    rates, bursts = zip(*bounds, strict=True)
    return Workload(updates=updates, rate=min(rates), burst=min(bursts))


def _timed(
    work: Workload, timed: TimedPace | None, found: Remembered | None, *, writes: bool = True
) -> Workload:
    """Work as it is under a timetable."""
    if timed is None:
        return work
    quota = None if found is None else found.rate
    return replace(work, timed=replace(timed, quota=quota, takes_rate=writes))


def _known(found: Remembered | None) -> Remembered | None:
    """What is remembered, but for a guess."""
    return found if found and not found.is_guess else None
