"""The test for stray throttles: what starts it, what ends it, and what it makes of a throttle."""

import pytest

from batcher.quota.stray_throttles import StrayThrottleTest
from batcher.quota.throttle_meaning import Evidence, Hypothesis, Lesson, Phase, cause_of, lesson_of
from batcher.quota.tuning import TUNING


def throttled(
    strays: StrayThrottleTest, *, expected: bool, holding: bool, late: bool | None = None
) -> bool:
    """A throttle at a known rate; whether it is one of an empty bucket."""
    evidence = Evidence(
        phase=Phase.HOLD,
        hypothesis=strays.hypothesis,
        expected=expected,
        late_twice=strays.late_twice(late),
        too_many=strays.too_many,
        is_run=strays.is_run,
    )
    cause = cause_of(evidence)
    strays.throttled(cause, holding=holding, late=late)
    return lesson_of(cause, evidence) is not Lesson.NOTHING


def under_test() -> StrayThrottleTest:
    """Three cuts of a rate that was never confirmed brought no calm."""
    strays = StrayThrottleTest()
    for _ in range(3):
        assert throttled(strays, expected=False, holding=True)
        strays.cut(lowered=True)
    return strays


def found() -> StrayThrottleTest:
    """Strays were found: the bucket that was supposed would have been empty long since."""
    strays = under_test()
    found = [strays.accepted(holding=True, overdrawn=call > 10) for call in range(40)]
    assert found.count(True) == 1
    return strays


def test_strays_are_only_found_when_the_bucket_gave_more_than_it_can_hold() -> None:
    strays = under_test()
    assert strays.hypothesis is Hypothesis.UNDER_TEST
    assert not any(strays.accepted(holding=True, overdrawn=False) for _ in range(40))
    assert strays.hypothesis is Hypothesis.UNDER_TEST


def test_once_strays_are_found_a_throttle_alone_says_nothing_and_a_run_says_empty() -> None:
    strays = found()
    assert not throttled(strays, expected=True, holding=True)
    for _ in range(30):
        strays.accepted(holding=True, overdrawn=False)
    assert any(throttled(strays, expected=True, holding=False) for _ in range(8))


def test_a_test_that_finds_an_empty_bucket_makes_the_next_one_rarer() -> None:
    strays = StrayThrottleTest()

    def cuts_until_test() -> int:
        for cuts in range(20):
            if strays.hypothesis is Hypothesis.UNDER_TEST:
                return cuts
            throttled(strays, expected=False, holding=False)
            strays.cut(lowered=False)
        return 20

    first = cuts_until_test()
    assert any(throttled(strays, expected=False, holding=False) for _ in range(8))
    assert strays.hypothesis is Hypothesis.NO_STRAYS
    assert first < cuts_until_test() < 20


def test_strays_that_are_over_are_forgotten() -> None:
    strays = found()
    for _ in range(int(3 * TUNING.strays.memory)):
        strays.accepted(holding=True, overdrawn=False)
    assert strays.hypothesis is Hypothesis.NO_STRAYS
    assert throttled(strays, expected=True, holding=True)


def test_a_confirmed_rate_may_be_cut_in_vain_without_a_test() -> None:
    strays = StrayThrottleTest()
    assert throttled(strays, expected=True, holding=True)
    for _ in range(3):
        throttled(strays, expected=False, holding=True)
        strays.cut(lowered=True)
    assert strays.confirmed
    assert strays.hypothesis is Hypothesis.NO_STRAYS


@pytest.mark.parametrize(("answers", "stray"), [(7, False), (8, True)])
def test_of_two_late_throttles_the_second_must_follow_within_eight_answers(
    answers: int, stray: bool
) -> None:
    strays = StrayThrottleTest()
    assert throttled(strays, expected=True, holding=False, late=True)
    assert not throttled(strays, expected=True, holding=False, late=True)
    for _ in range(answers):
        strays.accepted(holding=True, overdrawn=False)
    assert throttled(strays, expected=True, holding=False, late=True) is not stray


def test_a_throttle_too_soon_to_tell_leaves_it_open_whether_the_one_before_was_late() -> None:
    late, in_time = StrayThrottleTest(), StrayThrottleTest()
    for strays, next_one in ((late, None), (in_time, False)):
        throttled(strays, expected=True, holding=False, late=True)
        throttled(strays, expected=True, holding=False, late=next_one)
    assert late.late_twice(True)
    assert not in_time.late_twice(True)


def test_calls_refused_of_late_make_it_cautious_until_enough_go_through() -> None:
    strays = under_test()
    assert strays.cautious
    calls = 0
    while strays.cautious:
        strays.accepted(holding=True, overdrawn=False)
        calls += 1
    # each takes log((1 - 0.15) / (1 - 0.5)) off the lead of 2
    assert calls == 4
