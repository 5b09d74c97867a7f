"""What is known of a quota: where it starts, what it saves up, and what each lesson changes."""

import pytest

from batcher.quota.rate_state import RateState, Refusal
from batcher.quota.throttle_meaning import Lesson, Phase


def recalled(rate: float, burst: float, *, doubt: float = 0.01, level: float = 1.0) -> RateState:
    state = RateState(100.0)
    state.recall(rate, burst, doubt, level)
    return state


def refusal(
    at: float, *, number: int = 0, pace: float = 1e9, chosen: float | None = None
) -> Refusal:
    return Refusal(number, at, at, pace, since=100, chosen=chosen)


@pytest.mark.parametrize(
    ("rate", "burst", "begins_at"),
    [
        (4.95, 1.0, 5.0),  # a bucket of one token: calls that came early have lowered it
        (4.9, 1.0, 4.9),  # by 2 %, not by jitter
        (4.95, 5.0, 4.95),  # a larger one is measured exactly
        (5.04, 1.0, 5.04),  # nothing makes a rate higher than it is
    ],
)
def test_only_with_one_token_a_rate_just_below_a_whole_number_is_that_number(
    rate: float, burst: float, begins_at: float
) -> None:
    assert recalled(rate, burst).bucket.rate == begins_at


def test_what_was_remembered_is_held_but_checked_soon_and_not_before_there_is_a_token() -> None:
    state = recalled(2.0, 5.0, doubt=0.001, level=0.25)
    assert (state.phase, state.doubt) == (Phase.HOLD, 0.03)
    assert state.resume == 100.0 + 0.75 / 2.0
    assert state.level(101.0) == 2.25
    assert state.excess() == 0.03


@pytest.mark.parametrize(
    ("rate", "stated", "likely"),
    [
        (2.0, 0.2, 0.2 * 0.2),  # the only whole number from 1.6 to 2.4
        (2.0, 0.24, 0.24 * 0.24),
        (3.0, 0.2, 0.2),  # from 2.4 to 3.6 too, but as wide that it is chance
        (2.1, 0.2, 0.2),  # 2 was in reach, and it was not found
        (0.6, 0.2, 0.2),
        (20.0, 0.01, 0.03),  # never less: quotas change
    ],
)
def test_a_whole_number_is_doubted_less_than_is_stated_where_it_is_the_only_one(
    rate: float, stated: float, likely: float
) -> None:
    assert recalled(rate, 3 * rate, doubt=stated).doubt == pytest.approx(likely)


def test_the_reserve_is_a_few_tokens_and_never_more_than_the_burst_has() -> None:
    assert recalled(50.0, 50.0).reserve == 2 + 2 * 1.0
    assert recalled(50.0, 3.0).reserve == 2.0
    assert recalled(50.0, 1.0).reserve == 1.0
    jittery = recalled(50.0, 50.0)
    for seconds in (0.1, 0.2):
        jittery.latency.add(seconds)
    assert jittery.count_error == pytest.approx(1 + 50 * 0.1)
    assert jittery.reserve == pytest.approx(2 + 2 * 6)
    jittery.phase = Phase.SEARCH
    assert jittery.reserve == pytest.approx(0.5 + 6)


@pytest.mark.parametrize(
    ("rate", "sent", "refused", "cycle"),
    [
        (50.0, 1000, 0, 300),  # calls
        (200.0, 1000, 0, 3 * 200),  # seconds, where there are more calls in them
        (50.0, 100, 3, 120 * 4 - 100),  # a search is paid for within the first 600 calls
        (50.0, 100, 9, 600 - 100),
    ],
)
def test_a_cycle_is_long_enough_for_its_refusals_to_stay_under_one_percent(
    rate: float, sent: int, refused: int, cycle: float
) -> None:
    state = recalled(rate, 50.0)
    state.throttle_log.sent = sent
    for number in range(refused):
        state.throttle_log.not_taken(number, 1.0)
    assert state.cycle == cycle


def test_a_rate_is_raised_to_what_is_sure_and_never_lowered_by_it() -> None:
    state = recalled(50.0, 50.0)
    state.raise_to(40.0)
    assert (state.bucket.rate, state.phase) == (50.0, Phase.HOLD)
    state.raise_to(70.0)
    assert (state.bucket.rate, state.phase, state.doubt) == (70.0, Phase.SEARCH, 1.0)


@pytest.mark.parametrize(
    ("sent", "seconds", "chosen", "rate"),
    [
        (60, 4.0, None, 60 / 6),  # two seconds' worth were there at the start
        (5, 1.0, None, 1.0),  # under 2 per second: the most common quota
        (60, 4.0, 25.0, 25.0),  # somebody chose it
    ],
)
def test_the_first_guess(sent: int, seconds: float, chosen: float | None, rate: float) -> None:
    state = RateState(0.0)
    state.throttle_log.sent = sent + 1
    state.learn(Lesson.FIRST_GUESS, refusal(seconds, number=sent, chosen=chosen))
    assert (state.bucket.rate, state.phase) == (rate, Phase.SEARCH)
    assert state.resume > seconds


def test_no_lesson_makes_it_faster_than_it_was_sent() -> None:
    for lesson in (Lesson.FIRST_GUESS, Lesson.COUNT, Lesson.INTERVAL, Lesson.OVERFLOWED):
        state = recalled(50.0, 50.0)
        state.learn(lesson, refusal(101.0, pace=7.0))
        assert state.bucket.rate <= 7.0


def counted(*spans: tuple[float, int]) -> RateState:
    """Counts of accepted calls, each after so many seconds, since the bucket was empty once."""
    state, at = recalled(10.0, 20.0, level=0.5), 101.0
    state.throttle_log.sent = 1
    state.learn(Lesson.STILL_EMPTY, refusal(at))
    for seconds, accepted in spans:
        at += seconds
        state.throttle_log.sent += accepted + 1
        state.learn(Lesson.COUNT, refusal(at, number=state.throttle_log.sent - 1))
    return state


def test_a_count_is_the_rate_and_the_longer_the_surer() -> None:
    short, long = counted((10, 100)), counted((10, 100), (90, 900))
    assert (short.bucket.rate, long.bucket.rate) == (10.0, 10.0)
    assert 0 < long.doubt < short.doubt < 0.03
    assert long.phase is Phase.HOLD


def test_a_changed_count_is_another_quota_and_the_next_cycles_are_shorter() -> None:
    changed = counted((30, 300), (30, 300), (30, 150))
    assert changed.bucket.rate == 5.0
    calm = counted((30, 300), (30, 300), (30, 300))
    assert changed.cycle == pytest.approx(0.3 * calm.cycle)


def test_a_count_so_high_that_the_bucket_may_have_run_over_is_searched_on() -> None:
    assert counted((10, 140)).phase is Phase.SEARCH  # 40 more than supposed, and a burst of 20


def test_strays_found_are_forgotten_with_the_burst_that_they_made_small() -> None:
    state = recalled(30.0, 1.0)
    state.throttle_log.sent = 20
    for number in (3, 9):
        state.throttle_log.throttled(number, 100.0 + number, new_event=True)
    state.search_again()
    assert (len(state.throttle_log), state.bucket.burst) == (1, 30.0)
    assert (state.phase, state.doubt) == (Phase.SEARCH, 1.0)


def test_while_nothing_is_accepted_a_rate_falls_to_one_call_in_eight_seconds_and_no_lower() -> None:
    state = RateState(0.0)
    state.learn(Lesson.FIRST_GUESS, refusal(0.1))
    state.suppose_one_token()
    rates = []
    for number in range(1, 7):
        state.learn(Lesson.INTERVAL, refusal(10.0 * number, number=number))
        rates.append(state.bucket.rate)
    assert rates == [0.5, 0.25, 0.125, 0.125, 0.125, 0.125]
