"""Whether a run can be done in time, from the rates that are known: said before it starts,
refused when it can't be.
"""

from collections.abc import Iterator
from datetime import datetime

from batcher.accounting.completion_time import Deadline, Workload, clock_after, longest
from batcher.cli.output.format import ago, duration, rate_text
from batcher.errors import SettingsError
from batcher.jobs.run import BulkRun
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.storage.quota_file import Remembered, seconds_between

LIKELY_RATE = 1.0  # per second: what AWS allows for neighbouring calls; it publishes none for these
YEAR = 365 * 86400.0


class Prospect:
    """What one target has before it: triggers to look at first, updates to write, and what is
    known from how fast that goes.
    """

    def __init__(self, run: BulkRun, name: str) -> None:
        self.name = name
        target = run.targets[name]
        self._settings = settings = target.settings
        self._left = run.totals[name] - run.tallies[name].done
        self._now = run.clock.wall()
        self._found, reads = (
            _known(run.pacers.remembered(target, operation))
            for operation in (UPDATE_TRIGGER, GET_TRIGGER)
        )
        self.writing = self._work(settings.ceiling, settings.burst or 1.0, self._found)
        looks = run.looks or run.settings.merge or run.settings.create_missing
        self.reading = (
            self._work(settings.read_ceiling, 1.0, reads)
            if looks
            else Workload(updates=0, rate=None)
        )

    def _work(self, rate: float | None, burst: float, found: Remembered | None) -> Workload:
        bounds = []  # rate and burst of the ceiling, and of the quota
        if rate is not None:
            bounds.append((rate, burst))
        if found is not None:
            bounds.append((found.rate * self._settings.share.fraction, self._saved_up(found)))
        if not bounds:
            return Workload(updates=self._left, rate=None)
        return Workload(
            updates=self._left,
            rate=min(rate for rate, _ in bounds),
            burst=min(burst for _, burst in bounds),
        )

    def _saved_up(self, found: Remembered) -> float:
        """Tokens that its bucket holds by now."""
        if self._settings.share.fraction < 1 or found.burst is None:
            return 1.0
        return max(1.0, min(found.burst, found.rate * seconds_between(found.used_at, self._now)))

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

    def pace(self) -> str:
        """``at most 2/s (burst 2), about 40 min``."""
        rate, burst, parts = self._settings.ceiling, self._settings.burst, []
        if rate is not None:
            parts.append(f"at most {rate_text(rate)} (burst {burst or 1:g})")
        if self._found is not None:
            age = ago(seconds_between(self._found.learned_at, self._now))
            parts.append(
                f"{rate_text(self._found.rate)} is what this account was found to allow {age}"
            )
        if self._settings.share.fraction < 1:
            parts.append(f"{self._settings.share} of the quota is used")
        if self.reading_decides and self.reading.rate is not None:
            parts.append(f"looking first at {rate_text(self.reading.rate)}")
        if self.work.seconds is not None:
            return ", ".join([*parts, f"about {duration(self.work.seconds)}"])
        likely = self.work.updates / LIKELY_RATE
        found_out = (
            f"the quota is found on the way; at {LIKELY_RATE:g}/s, which AWS most likely allows,"
            f" about {duration(likely)}"
        )
        return ", ".join([found_out, *parts])


def prospects(run: BulkRun) -> list[Prospect]:
    """Those of the targets that can be used."""
    return [Prospect(run, name) for name in run.targets]


def outlook(found: list[Prospect], deadline: Deadline | None, now: datetime) -> Iterator[str]:
    """Lines for people: when it ends, and how that is to the deadline. ``now``: local time.

    Raises SettingsError when it is known that the deadline can't be kept.
    """
    seconds = longest([each.work for each in found])
    if seconds is not None and any(each.work.updates for each in found):
        yield f"Takes about {duration(seconds)}{_until(now, seconds)}."
    if deadline is None:
        return
    left = deadline.seconds_from(now)
    if late := [each for each in found if (each.least.seconds or 0.0) > left]:
        raise SettingsError(
            f"--deadline {deadline} can't be kept:"
            f" {'; '.join(_late(each, left, now) for each in late)}."
        )
    for each in found:
        if each.work.seconds is None:
            yield (
                f"Whether --deadline {deadline} (in {duration(left)}) can be kept is not known: the"
                f" quota of target {each.name} is not. It needs"
                f" {rate_text(each.work.rate_needed(left))}."
            )


def _late(each: Prospect, left: float, now: datetime) -> str:
    work = each.least
    assert work.rate is not None
    assert work.seconds is not None
    of_reading = " of reading" if each.reading_decides else ""
    return (
        f"target {each.name} takes {duration(work.seconds)} at"
        f" {rate_text(work.rate)}{of_reading}{_until(now, work.seconds)}, and has {duration(left)};"
        f" it would need {rate_text(work.rate_needed(left))}"
    )


def _until(now: datetime, seconds: float) -> str:
    """``, until 14:35``, with the day when that is another one; nothing when it is more than a
    year away.
    """
    if seconds > YEAR:
        return ""
    end = clock_after(now, seconds)
    return f", until {end:%H:%M}" if end.date() == now.date() else f", until {end:%a %d %b %H:%M}"


def _known(found: Remembered | None) -> Remembered | None:
    """What is remembered, but for a guess."""
    return found if found and not found.is_guess else None
