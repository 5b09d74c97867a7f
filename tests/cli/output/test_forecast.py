"""How long a run takes, in words: pace of a target, end of all, a deadline that is missed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from batcher.accounting.completion_time import Deadline
from batcher.accounting.timed_pace import TimedPace
from batcher.accounting.timetable import Timetable
from batcher.cli.output.forecast import deadline_missed, target_pace
from batcher.config import resolve
from batcher.jobs.run_forecast import TargetForecast, forecast, hold_against
from batcher.storage.quota_file import Remembered

NOON = datetime(2026, 1, 1, 12, 0)


def quota(rate: float) -> Remembered:
    then, burst = "2026-01-01T00:00:00.000Z", None
    return Remembered(
        account="a",
        region="r",
        operation="o",
        rate=rate,
        burst=burst,
        doubt=0.0,
        learned_at=then,
        used_at=then,
    )


def target(
    updates: int = 3601,
    known: float | None = None,
    timed: TimedPace | None = None,
    **settings: Any,
) -> TargetForecast:
    return forecast(
        "eu",
        resolve(settings).target_defaults,
        updates=updates,
        looks="read_rate" in settings,
        writing=None if known is None else quota(known),
        reading=None,
        now="2026-01-03T00:00:00.000Z",
        timed=timed,
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rate": 2, "burst": 1}, "at most 2/s (burst 1), about 30 min"),
        ({"known": 1}, "1/s is what this account was found to allow 2 days ago, about 1 h 0 min"),
        (
            {"known": 2, "share": "50%"},
            "2/s is what this account was found to allow 2 days ago, 50% of the quota is used,"
            " about 1 h 0 min",
        ),
        (
            {"rate": 2, "read_rate": 1},
            "at most 2/s (burst 1), looking first at 1/s, about 1 h 0 min",
        ),
        (
            {},
            "the quota is found on the way; at 1/s, which AWS most likely allows, about 1 h 0 min",
        ),
    ],
)
def test_the_pace_of_a_target_says_what_bounds_it(given: dict[str, Any], said: str) -> None:
    assert target_pace(target(**given)) == said


@pytest.mark.parametrize(
    ("timetable", "takes"),
    [
        ("thu pause", "about 13 h 0 min"),  # it begins on a Thursday at noon, UTC
        ("* rate=0.5", "about 2 h 0 min"),
        ("* share=25%", "about 4 h 0 min"),
        ("* pause", "more than a year"),
        ("sun pause", "about 1 h 0 min"),
    ],
)
def test_with_a_quota_that_nobody_knows_the_timetable_is_walked_at_the_likely_rate(
    timetable: str, takes: str
) -> None:
    begin = NOON.replace(tzinfo=UTC).timestamp()
    found = target(timed=TimedPace(timetable=Timetable(timetable), zone=UTC, begin=begin))
    assert target_pace(found).endswith(f", which AWS most likely allows, {takes}")


@pytest.mark.parametrize(
    ("updates", "until"),
    [(3601, ", until 13:00"), (86401, ", until Fri 02 Jan 12:00"), (10**9, "")],
)
def test_a_missed_deadline_names_the_end_and_the_rate_it_would_take(
    updates: int, until: str
) -> None:
    found = hold_against(Deadline("30m"), [target(updates, rate=1, burst=1)], NOON)
    text = deadline_missed(found, NOON)
    assert text.startswith("--deadline 30m can't be kept: target eu takes ")
    assert f" at 1/s{until}, and has 30 min; it would need " in text
    assert text.endswith("/s.")


def test_it_says_when_it_is_reading_that_takes_too_long() -> None:
    found = hold_against(Deadline("30m"), [target(read_rate=1)], NOON)
    assert " at 1/s of reading, until 13:00" in deadline_missed(found, NOON)
