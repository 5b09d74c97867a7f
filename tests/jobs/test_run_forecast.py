"""How long a run takes by a ceiling and by what is remembered, row by row; and its deadline."""

from datetime import datetime
from typing import Any

import pytest

from batcher.accounting.completion_time import Deadline
from batcher.config import Settings
from batcher.config.target_settings import TargetSettings
from batcher.jobs.run_forecast import TargetForecast, forecast, hold_against
from batcher.storage.quota_file import Remembered

NOW = "2026-01-01T00:10:00.000Z"
LOCAL = datetime(2026, 1, 1, 12, 0)


def quota(rate: float, burst: float | None = None, doubt: float = 0.0) -> Remembered:
    """A quota, used for the last time ten minutes ago."""
    used_at = "2026-01-01T00:00:00.000Z"
    return Remembered(
        account="a",
        region="r",
        operation="o",
        rate=rate,
        burst=burst,
        doubt=doubt,
        learned_at=used_at,
        used_at=used_at,
    )


def target(updates: int = 100, looks: bool = False, **more: Any) -> TargetForecast:
    known = {name: more.pop(name, None) for name in ("writing", "reading")}
    settings = Settings(**more).target_defaults
    return forecast("t", settings, updates=updates, looks=looks, now=NOW, **known)


@pytest.mark.parametrize(
    ("given", "rate", "seconds"),
    [
        ({}, None, None),  # nobody knows
        ({"rate": 10.0}, 10, 9.9),  # one token is there: (100 - 1) / 10
        ({"rate": 10.0, "burst": 20.0}, 10, 8.0),  # (100 - 20) / 10
        ({"writing": quota(5)}, 5, 19.8),  # of an unknown burst one token
        ({"writing": quota(5, 50)}, 5, 10.0),  # after 600 s its bucket is full: (100 - 50) / 5
        ({"writing": quota(0.01, 50)}, 0.01, 9400.0),  # it holds 600 * 0.01 = 6 of 50
        ({"writing": quota(5, 50), "rate": 10.0}, 5, 19.8),  # the least of both, of burst too
        ({"writing": quota(5, doubt=0.6)}, None, None),  # a guess
    ],
)
def test_a_ceiling_and_a_known_quota_say_how_long_it_takes(
    given: dict[str, Any], rate: float | None, seconds: float | None
) -> None:
    work = target(**given).work
    assert work.rate == rate
    assert work.seconds == pytest.approx(seconds)


def test_a_part_of_a_quota_takes_as_much_longer_and_finds_nothing_saved_up() -> None:
    settings = Settings().target_defaults
    half = TargetSettings(**{**_members(settings), "share": type(settings.share)("50%")})
    found = forecast(
        "t", half, updates=100, looks=False, writing=quota(5, 50), reading=None, now=NOW
    )
    assert found.work.seconds == pytest.approx(99 / 2.5)


def _members(settings: TargetSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in TargetSettings.__struct_fields__}


@pytest.mark.parametrize(
    ("looks", "read_rate", "decides", "seconds"),
    [
        (False, 1.0, False, 9.9),  # nothing is looked at
        (True, 1.0, True, 99.0),  # looking takes longer than writing: they go side by side
        (True, 1000.0, False, 9.9),
    ],
)
def test_looking_first_counts_where_it_takes_longer(
    looks: bool, read_rate: float, decides: bool, seconds: float
) -> None:
    found = target(looks=looks, rate=10.0, read_rate=read_rate)
    assert found.reading_decides is decides
    assert found.work.seconds == pytest.approx(seconds)


def test_where_only_reading_is_known_it_says_what_it_takes_at_least() -> None:
    found = target(looks=True, read_rate=1.0)
    assert (found.work.seconds, found.least.seconds) == (None, 99.0)


@pytest.mark.parametrize(
    ("deadline", "late", "unknown"),
    [("9s", ["slow", "fast"], ["new"]), ("10s", ["slow"], ["new"]), ("2h", [], ["new"])],
)
def test_a_deadline_parts_targets_into_late_ones_and_unknown_ones(
    deadline: str, late: list[str], unknown: list[str]
) -> None:
    targets = {"slow": target(rate=1.0), "fast": target(rate=10.0), "new": target()}
    found = hold_against(Deadline(deadline), targets.values(), LOCAL)
    assert found.late == [targets[name] for name in late]
    assert found.unknown == [targets[name] for name in unknown]
    assert found.seconds_left == Deadline(deadline).seconds_from(LOCAL)


def test_a_deadline_that_only_looking_misses_is_missed() -> None:
    found = hold_against(Deadline("1m"), [target(looks=True, read_rate=1.0)], LOCAL)
    assert len(found.late) == len(found.unknown) == 1
