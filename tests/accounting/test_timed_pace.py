"""Work under a timetable ends when the sum of what each interval lets through is all of it."""

from datetime import datetime
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.accounting.completion_time import Workload
from batcher.accounting.timed_pace import TimedPace
from batcher.accounting.timetable import Timetable

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


def timed(
    timetable: str, begin: str, *, quota: float | None = None, takes_rate: bool = True
) -> TimedPace:
    instant = datetime.fromisoformat(begin).replace(tzinfo=BERLIN).timestamp()
    return TimedPace(
        timetable=Timetable(timetable),
        zone=BERLIN,
        begin=instant,
        quota=quota,
        takes_rate=takes_rate,
    )


@pytest.mark.parametrize(
    ("pace", "requests", "rate", "seconds"),
    [
        # a Friday: an hour at the whole pace, ten at a fifth
        (timed("08:00-18:00 share=20%", "2026-11-27 07:00"), 3600 + 7200, 1.0, 11 * HOUR),
        (timed("sat,sun pause", "2026-11-27 23:00"), 3600, 1.0, HOUR),
        (timed("sat,sun pause", "2026-11-27 23:00"), 3601, 1.0, 49 * HOUR + 1),
        # what could leave at once leaves when the pause ends
        (timed("00:00-06:00 pause", "2026-11-27 05:00"), 0, 1.0, HOUR),
        # a rate is a ceiling, of updates
        (timed("* rate=0.5", "2026-11-27 05:00"), 100, 1.0, 200),
        (timed("* rate=5", "2026-11-27 05:00"), 100, 1.0, 100),
        (timed("* rate=0.5", "2026-11-27 05:00", takes_rate=False), 100, 1.0, 100),
        # a share is one of the quota, beneath a --rate
        (timed("* share=20%", "2026-11-27 05:00", quota=10.0), 100, 1.0, 100),
        (timed("* share=20%", "2026-11-27 05:00", quota=2.0), 100, 1.0, 250),
        # a pause over the night in which there is an hour more, or less
        (timed("sat 22:00-06:00 pause", "2026-10-24 21:00"), 3601, 1.0, 10 * HOUR + 1),
        (timed("sat 22:00-06:00 pause", "2026-03-28 21:00"), 3601, 1.0, 8 * HOUR + 1),
        (timed("* pause", "2026-11-27 05:00"), 1, 1.0, inf),
        (timed("sun 00:00-00:01 rate=1; * pause", "2026-11-27 05:00"), 1e5, 1.0, inf),  # 30 years
    ],
)
def test_an_end_is_reckoned_through_pauses_shares_and_changes_of_the_clock(
    pace: TimedPace, requests: float, rate: float, seconds: float
) -> None:
    assert pace.seconds(requests, rate) == pytest.approx(seconds)
    work = Workload(updates=int(requests) + 1, rate=rate, timed=pace)
    assert work.seconds == pytest.approx(seconds)


@settings(max_examples=20)
@given(
    requests=st.floats(1, 1e6),
    seconds=st.floats(60, 5 * 86400),
    hour=st.integers(0, 23),
    timetable=st.sampled_from(
        ["08:00-18:00 share=20%; sat,sun pause", "22:00-06:00 pause", "* share=50%", "fri rate=1"]
    ),
)
def test_at_the_rate_that_is_needed_it_ends_in_time_and_at_a_lower_one_it_does_not(
    requests: float, seconds: float, hour: int, timetable: str
) -> None:
    pace = timed(timetable, f"2026-11-27 {hour:02}:30")
    needed = pace.rate_needed(requests, seconds)
    if needed == inf:
        assert pace.seconds(requests, 1e6) > seconds
        return
    assert pace.seconds(requests, needed) <= seconds
    assert pace.seconds(requests, needed * 0.99) > seconds


def test_without_anything_to_do_there_is_nothing_to_wait_for() -> None:
    work = Workload(updates=0, rate=1.0, timed=timed("* pause", "2026-11-27 05:00"))
    assert (work.seconds, work.rate_needed(5.0)) == (0.0, 0.0)
