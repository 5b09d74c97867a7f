"""The rate of the last seconds, and when it says how long the rest takes."""

import pytest

from batcher.jobs.rate_window import SURE, SURE_AFTER, WINDOW, RateWindow


def test_the_rate_is_that_of_the_last_seconds() -> None:
    window = RateWindow(0.0, 0, 0)
    assert window.read(10.0, 20, 20) == (2.0, 2.0)
    assert window.read(10.0 + WINDOW / 2, 20, 20)[0] == pytest.approx(20 / 15)
    # what was at 10.0 is the last that is not too old
    assert window.read(11.0 + WINDOW, 30, 25) == pytest.approx((10 / 11, 5 / 11))


def test_read_all_the_time_it_keeps_few_moments_and_stays_right() -> None:
    window = RateWindow(0.0, 0, 0)
    for tick in range(1, 10_000):
        rate, results = window.read(tick / 100, tick * 3, tick)
        assert (rate, results) == pytest.approx((300.0, 100.0))


def test_another_part_of_the_session_begins_anew() -> None:
    window = RateWindow(0.0, 0, 0)
    window.read(5.0, 50, 50)
    assert window.read(6.0, 2, 52) == (0.0, 0.0)
    assert window.read(7.0, 4, 54) == (2.0, 2.0)


@pytest.mark.parametrize(
    ("seconds", "results", "sure"),
    [(SURE_AFTER, SURE, True), (SURE_AFTER, SURE - 1, False), (SURE_AFTER / 2, SURE, False)],
)
def test_few_results_and_short_times_say_nothing_of_the_rest(
    seconds: float, results: int, sure: bool
) -> None:
    window = RateWindow(0.0, 0, 0)
    window.read(seconds, results, results)
    assert window.measured == (results / seconds if sure else None)
