"""Empty moments, and the rate between two of them."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.quota.throttle_log import MeasuredRate, ThrottleLog
from batcher.quota.tuning import TUNING


@settings(max_examples=200)
@given(outcomes=st.lists(st.booleans(), min_size=2, max_size=40), seed=st.integers(0, 2**32))
def test_counts_do_not_depend_on_the_order_of_the_answers(outcomes: list[bool], seed: int) -> None:
    refusals = [number for number, accepted in enumerate(outcomes) if not accepted]
    shuffled = refusals.copy()
    Random(seed).shuffle(shuffled)
    log = ThrottleLog()
    log.sent = len(outcomes)
    for index, number in enumerate(shuffled):
        log.throttled(number, float(number), new_event=index == 0)
    assert log.taken == sum(outcomes)
    if refusals:
        newest = log.newest
        assert newest.taken == sum(outcomes[: newest.number])
        assert newest.number == max(refusals)


def test_memory_does_not_grow_with_the_run() -> None:
    log = ThrottleLog()
    for number in range(10_000):
        log.sent += 1
        log.throttled(number, float(number), new_event=number % 2 == 0)
    assert len(log) <= TUNING.log.kept_moments


def refused_at(*moments: tuple[int, float]) -> ThrottleLog:
    """Each an event of its own: number of the call, and when."""
    log = ThrottleLog()
    log.sent = max(number for number, _ in moments) + 1
    for number, time in moments:
        log.throttled(number, time, new_event=True)
    return log


def test_what_was_accepted_between_two_empty_moments_is_the_rate() -> None:
    measured = refused_at((10, 1.0), (111, 11.0)).measure(1.0)  # 100 accepted in 10 s
    assert measured == MeasuredRate(rate=10.0, low=9.9, high=10.1)


def test_the_longest_span_that_agrees_counts_and_what_disagrees_is_dropped() -> None:
    # 100 in 10 s, then twice as many: the first span is of another quota
    log = refused_at((10, 1.0), (111, 11.0), (312, 21.0), (513, 31.0))
    measured = log.measure(1.0)
    assert measured is not None
    assert (measured.rate, len(log)) == (20.0, 3)
    assert measured.high - measured.low == pytest.approx(0.1)  # 2 tokens in 20 s


def test_without_two_empty_moments_apart_in_time_nothing_is_measured() -> None:
    assert refused_at((10, 1.0)).measure(1.0) is None
    assert refused_at((10, 1.0), (11, 1.0)).measure(1.0) is None


def test_of_one_event_the_first_and_the_last_moment_are_kept() -> None:
    log = ThrottleLog()
    log.sent = 20
    for number in (5, 6, 9, 8):  # 8 was sent before 9, and is answered after it
        log.throttled(number, 1.0 + number / 10, new_event=number == 5)
    assert len(log) == 2
    assert (log.newest.number, log.newest.taken) == (9, 6.0)


@pytest.mark.parametrize(
    ("low", "rate", "high", "likeliest", "doubt"),
    [
        (4.9, 5.05, 5.3, 5.0, 0.2 / 5.05),  # a whole number in a narrow interval
        (5.1, 5.3, 5.6, 5.3, 0.25 / 5.3),  # none in it
        (4.0, 5.05, 6.0, 5.05, 1.0 / 5.05),  # too wide an interval
        (0.3, 0.45, 0.9, 0.45, 0.3 / 0.45),  # no quota is 0
    ],
)
def test_a_whole_number_in_a_narrow_interval_is_the_rate(
    low: float, rate: float, high: float, likeliest: float, doubt: float
) -> None:
    found, left = MeasuredRate(rate=rate, low=low, high=high).likeliest()
    whole = likeliest == round(likeliest)  # the surer the narrower
    assert found == likeliest
    assert left == pytest.approx(doubt**2 if whole else doubt)
