"""How long a rehearsed run takes for real, and how much faster the rehearsal goes."""

from math import inf

from batcher.config import resolve
from batcher.jobs.rehearsal_forecast import LASTS, RehearsalForecast, seconds_of
from batcher.jobs.rehearsed_targets import OPERATIONS, RehearsedQuota, RehearsedTarget

NOW = "2026-11-27T00:00:00+00:00"
QUOTA = RehearsedQuota(rate=2, burst=1, origin="given")
TARGET = RehearsedTarget(
    name="default", account=None, region="eu-west-1", quotas=dict.fromkeys(OPERATIONS, QUOTA)
)


def of(**settings: object) -> RehearsalForecast:
    return RehearsalForecast(resolve(settings), {"default": TARGET}, NOW)


def test_it_is_at_the_real_pace_by_quota_and_settings() -> None:
    updates = {"default": 4801}
    assert seconds_of(of().run(updates, looks=True).values()) == 2400  # (4801 - 1) / 2
    assert seconds_of(of(rate=1).run(updates, looks=True).values()) == 4800
    assert seconds_of(of(rate=1).undo(updates).values()) == 4800


def test_a_rehearsal_is_sped_up_to_be_short_and_never_slowed_down() -> None:
    assert of().speed({"default": 4801}) == 2400 / LASTS
    assert of().speed({"default": 3}) == 1.0


def test_a_deadline_that_would_be_missed_is_told() -> None:
    forecast = of(deadline="10m")
    late = list(forecast.late(forecast.run({"default": 4801}, looks=True).values()))
    assert late == [
        "target default would not end by --deadline 10m: it takes 40 min and has 10 min"
    ]
    assert list(forecast.late(forecast.run({"default": 10}, looks=True).values())) == []


def test_what_never_ends_is_told_also_where_there_is_a_deadline() -> None:
    for more in ({}, {"deadline": "10m"}):
        forecast = of(timetable="00:00-24:00 pause", **more)
        expected = forecast.run({"default": 10}, looks=True).values()
        assert seconds_of(expected) == inf
        assert list(forecast.late(expected)) == [
            "target default would not end within a year, by --timetable"
        ]
