"""Whether a run can be done in time, from the rates that are known: said before it starts, refused when it can't be."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from batcher.bulk import BulkRun
from batcher.cli.words import ago, duration, rate_text
from batcher.errors import SettingsError
from batcher.quotas import A_GUESS, Remembered, seconds_between
from batcher.rules.deadline import Work, longest, seconds_until
from batcher.rules.model import OPERATION

LIKELY_RATE = 1.0  # per second: what AWS allows for neighbouring calls; it publishes none for these


class Prospect:
    """What one target has before it: its work, and what it is known from how fast that goes."""

    def __init__(self, run: BulkRun, name: str) -> None:
        self.name = name
        self._settings = run.targets[name].settings
        found = run.shop.remembered(run.targets[name], OPERATION)
        self._found = found if found and found.doubt < A_GUESS else None
        self._now = run.clock.wall()
        self.work = self._work(run.totals[name] - run.tallies[name].done)

    def _work(self, updates: int) -> Work:
        bounds = []  # rate and burst of the ceiling, and of the quota
        if not isinstance(self._settings.rate, str):
            bounds.append((self._settings.rate, self._settings.burst or 1.0))
        if self._found is not None:
            bounds.append((self._found.rate * self._settings.fraction, self._saved_up(self._found)))
        if not bounds:
            return Work(updates=updates, rate=None)
        return Work(updates=updates, rate=min(rate for rate, _ in bounds), burst=min(burst for _, burst in bounds))

    def _saved_up(self, found: Remembered) -> float:
        """Tokens that its bucket holds by now."""
        if self._settings.fraction < 1 or found.burst is None:
            return 1.0
        return max(1.0, min(found.burst, found.rate * seconds_between(found.used_at, self._now)))

    def pace(self) -> str:
        """``at most 2/s (burst 2), about 40 min``."""
        rate, burst, parts = self._settings.rate, self._settings.burst, []
        if not isinstance(rate, str):
            parts.append(f"at most {rate_text(rate)} (burst {burst or 1:g})")
        if self._found is not None:
            age = ago(seconds_between(self._found.learned_at, self._now))
            parts.append(f"{rate_text(self._found.rate)} is what this account was found to allow {age}")
        if self._settings.fraction < 1:
            parts.append(f"{self._settings.share} of the quota is used")
        if self.work.seconds is not None:
            return ", ".join([*parts, f"about {duration(self.work.seconds)}"])
        likely = self.work.updates / LIKELY_RATE
        found_out = (
            f"the quota is found on the way; at {LIKELY_RATE:g}/s, which AWS most likely allows, about {duration(likely)}"
        )
        return ", ".join([found_out, *parts])


def prospects(run: BulkRun) -> list[Prospect]:
    """Those of the targets that can be used."""
    return [Prospect(run, name) for name in run.targets]


def outlook(found: list[Prospect], deadline: str | None, now: datetime) -> Iterator[str]:
    """Lines for people: when it ends, and how that is to the deadline. ``now``: local time.

    Raises SettingsError when it is known that the deadline can't be kept.
    """
    seconds = longest([each.work for each in found])
    if seconds is not None and any(each.work.updates for each in found):
        yield f"Takes about {duration(seconds)}, until {_clock(now, seconds)}."
    if deadline is None:
        return
    left = seconds_until(deadline, now)
    if late := [each for each in found if each.work.seconds is not None and each.work.seconds > left]:
        raise SettingsError(f"--deadline {deadline} can't be kept: {'; '.join(_late(each, left, now) for each in late)}.")
    for each in found:
        if each.work.seconds is None:
            yield (
                f"Whether --deadline {deadline} (in {duration(left)}) can be kept is not known: the quota of target "
                f"{each.name} is not. It needs {rate_text(each.work.rate_needed(left))}."
            )


def _late(each: Prospect, left: float, now: datetime) -> str:
    work = each.work
    assert work.rate is not None
    assert work.seconds is not None
    return (
        f"target {each.name} takes {duration(work.seconds)} at {rate_text(work.rate)}, until {_clock(now, work.seconds)}, "
        f"and has {duration(left)}; it would need {rate_text(work.rate_needed(left))}"
    )


def _clock(now: datetime, seconds: float) -> str:
    """``14:35``, with the day when that is another one."""
    end = now + timedelta(seconds=seconds)
    return f"{end:%H:%M}" if end.date() == now.date() else f"{end:%a %d %b %H:%M}"
