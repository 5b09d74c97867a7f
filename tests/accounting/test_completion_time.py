"""How long work takes, until when there is time, and which rate it needs."""

import re
import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.completion_time import Deadline, Workload, clock_after, longest

NOON = datetime(2026, 3, 3, 12, 0)


@pytest.mark.parametrize(
    ("deadline", "seconds"),
    [
        ("13:30", 5400),
        ("12:00", 86400),
        ("06:00", 18 * 3600),
        ("2h", 7200),
        ("90m", 5400),
        ("45s", 45),
        ("1h30m", 5400),
    ],
)
def test_a_deadline_is_the_next_such_time_of_day_or_a_duration(
    deadline: str, seconds: float
) -> None:
    assert Deadline(deadline).seconds_from(NOON) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24:00",
        "6:00",
        "12:60",
        "2",
        "h",
        "2x",
        "1m1h",
        "-2h",
        "2h ",
        "2h\n",
        "0s",
        "0h00m",
        400 * "9" + "h",
    ],
)
def test_anything_else_is_no_deadline(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        Deadline(text)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)
def test_a_time_of_day_is_within_a_day_and_has_that_time(
    now: datetime, hour: int, minute: int
) -> None:
    seconds = Deadline(f"{hour:02}:{minute:02}").seconds_from(now)
    assert 0 < seconds <= 86400
    at = now + timedelta(seconds=seconds)
    assert (at.hour, at.minute, at.second) == (hour, minute, 0)


@given(
    deadline=st.from_regex(re.compile(Deadline.PATTERN, re.ASCII)),
    now=st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),
)
def test_what_is_a_deadline_is_some_time_away(deadline: str, now: datetime) -> None:
    assert 0 < Deadline(deadline).seconds_from(now) <= 1e6 * 3661


@pytest.mark.parametrize(
    ("now", "seconds", "shown"),
    [
        (datetime(2026, 3, 29, 1, 0), 7200, datetime(2026, 3, 29, 4, 0)),  # put forward at 02:00
        (datetime(2026, 10, 25, 1, 0), 4 * 3600, datetime(2026, 10, 25, 4, 0)),  # put back at 03:00
        (datetime(2026, 10, 25, 1, 0), 86400, datetime(2026, 10, 26, 0, 0)),
        (NOON, 7200, datetime(2026, 3, 3, 14, 0)),
    ],
)
def test_the_end_and_a_deadline_are_by_the_clock_on_the_wall(
    monkeypatch: pytest.MonkeyPatch, now: datetime, seconds: float, shown: datetime
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        assert clock_after(now, seconds) == shown
        assert Deadline(f"{shown:%H:%M}").seconds_from(now) == seconds
    time.tzset()


@given(
    updates=st.integers(0, 10**7),
    rate=st.floats(0.02, 500),
    burst=st.floats(1, 1000),
    seconds=st.floats(1, 1e6),
)
def test_at_the_rate_needed_it_is_done_just_in_time(
    updates: int, rate: float, burst: float, seconds: float
) -> None:
    needed = Workload(updates=updates, rate=rate, burst=burst).rate_needed(seconds)
    if needed > 0:
        assert Workload(updates=updates, rate=needed, burst=burst).seconds == pytest.approx(seconds)
    else:
        assert updates <= burst


def test_targets_work_side_by_side_and_one_unknown_makes_the_whole_unknown() -> None:
    fast, slow, unknown = (Workload(updates=101, rate=rate) for rate in (100, 2, None))
    assert longest([fast, slow]) == 50
    assert longest([fast, unknown]) is None
    assert longest([]) == 0
