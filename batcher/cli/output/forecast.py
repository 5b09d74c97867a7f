"""How long a run takes, said to people, and how that is to its deadline."""

from collections.abc import Iterator
from datetime import datetime
from math import isfinite

from msgspec.structs import replace

from batcher.accounting.completion_time import clock_after, longest
from batcher.jobs.run import ReadyRun
from batcher.jobs.run_forecast import LIKELY_RATE, DeadlineForecast, TargetForecast
from batcher.number_text import about_duration, ago, duration, rate_text
from batcher.storage.quota_file import seconds_between
from batcher.updates.target_names import some_names

YEAR = 365 * 86400.0


def target_pace(found: TargetForecast) -> str:
    """``at most 2/s (burst 2), about 40 min``."""
    settings, known, parts = found.settings, found.known, []
    if settings.ceiling is not None:
        parts.append(f"at most {rate_text(settings.ceiling)} (burst {settings.burst or 1:g})")
    if known is not None:
        age = ago(seconds_between(known.learned_at, found.now))
        parts.append(f"{rate_text(known.rate)} is what this account was found to allow {age}")
    if settings.share.fraction < 1:
        parts.append(f"{settings.share} of the quota is used")
    if found.shares_with:
        parts.append(f"a quota that it has together with {some_names(found.shares_with)}")
    if found.reading_decides and found.reading.rate is not None:
        parts.append(f"looking first at {rate_text(found.reading.rate)}")
    if found.work.seconds is not None:
        return ", ".join([*parts, about_duration(found.work.seconds)])
    found_out = (
        f"the quota is found on the way; at {LIKELY_RATE:g}/s, which AWS most likely allows,"
        f" {about_duration(likely_seconds(found))}"
    )
    return ", ".join([found_out, *parts])


def likely_seconds(found: TargetForecast) -> float:
    """How long a target takes, at what AWS most likely allows where its quota is not known."""
    if found.work.seconds is not None:
        return found.work.seconds
    writing = replace(found.writing, rate=LIKELY_RATE)
    return max(found.reading.seconds or 0.0, writing.seconds or 0.0)


def forecast_lines(run: ReadyRun) -> Iterator[str]:
    """Lines for people: when the run ends, and for which targets nobody knows."""
    works = [each.work for each in run.forecasts.values()]
    seconds, soaks = longest(works), run.state.soaks
    timetable = run.order.settings.timetable
    if seconds is None:
        if timetable is not None:
            yield f"Keeps to --timetable {timetable}."
    elif any(work.updates for work in works):
        by = "" if timetable is None else f", by --timetable {timetable}"
        of_it = f" ({duration(soaks)} of it soaks)" if soaks else ""
        seconds += soaks
        yield f"Takes {about_duration(seconds)}{of_it}{_until(run.now, seconds)}{by}."
    if run.deadline is None or run.deadline.late:
        return
    left = max(0.0, run.deadline.seconds_left)
    for each in run.deadline.unknown:
        yield (
            f"Whether --deadline {run.deadline.deadline} (in {duration(left)}) can be kept is not"
            f" known: the quota of target {each.target} is not. It needs"
            f" {_needed(each.work.rate_needed(left))}."
        )


def deadline_missed(found: DeadlineForecast, now: datetime) -> str:
    """Which targets can't keep a deadline, and what they would need. ``now``: local time."""
    if found.seconds_left <= 0:
        alone = f"the soaks between its waves alone take {duration(found.soaks)}"
        return f"--deadline {found.deadline} can't be kept: {alone}."
    late = "; ".join(_late(each, found.seconds_left, now) for each in found.late)
    soaks = f" (its waves soak for {duration(found.soaks)})" if found.soaks else ""
    return f"--deadline {found.deadline} can't be kept{soaks}: {late}."


def _late(each: TargetForecast, left: float, now: datetime) -> str:
    work = each.least
    assert work.rate is not None
    assert work.seconds is not None
    of_reading = " of reading" if each.reading_decides else ""
    return (
        f"target {each.target} takes {_lasting(work.seconds)} at"
        f" {rate_text(work.rate)}{of_reading}{_until(now, work.seconds)}, and has {duration(left)};"
        f" it would need {_needed(work.rate_needed(left))}"
    )


def _needed(rate: float) -> str:
    return rate_text(rate) if isfinite(rate) else "another --timetable: no rate is enough"


def _lasting(seconds: float) -> str:
    return about_duration(seconds).removeprefix("about ")


def _until(now: datetime, seconds: float) -> str:
    """``, until 14:35``; with the day when that is another one, nothing when it is years away."""
    if seconds > YEAR:
        return ""
    end = clock_after(now, seconds)
    return f", until {end:%H:%M}" if end.date() == now.date() else f", until {end:%a %d %b %H:%M}"
