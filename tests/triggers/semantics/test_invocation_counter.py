"""Firings are counted in memory that profiles and windows bound, whatever the order of events."""

from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.invocation_counter import FORGET_FROM, InvocationCounter

MINUTE = 60_000_000
PERIOD = {"Unit": "MINUTES", "Value": 1, "MaxInvocationsPerProfile": 2}
PLAIN = FiringOptions()


def test_a_profile_is_forgotten_once_its_windows_are_over() -> None:
    counter = InvocationCounter({"Periods": [PERIOD]}, PLAIN)
    for number in range(20 * FORGET_FROM):
        assert counter.admit(f"p{number}", number * 2000 * MINUTE) == (True, frozenset())
    assert len(counter) <= FORGET_FROM


def test_profiles_within_their_windows_are_kept() -> None:
    counter = InvocationCounter({"Periods": [PERIOD]}, PLAIN)
    for number in range(3 * FORGET_FROM):
        counter.admit(f"p{number}", number)
    assert len(counter) == 3 * FORGET_FROM
    again = [counter.admit("p0", 3 * FORGET_FROM + number)[0] for number in range(2)]
    assert again == [True, False]


@given(st.lists(st.integers(-5 * MINUTE, 5 * MINUTE), max_size=30))
def test_events_out_of_order_never_fire_more_often_just_before_a_firing_than_allowed(
    times: list[int],
) -> None:
    counter = InvocationCounter({"Periods": [PERIOD]}, PLAIN)
    fired: list[int] = []
    for at in times:
        latest = [each for each in fired if each > max(fired) - MINUTE] if fired else []
        if counter.admit("a", at)[0]:
            before = [each for each in latest[-2:] if at - MINUTE < each <= at]
            assert len(before) < 2
            fired = sorted([*fired, at])


def test_one_moment_far_in_the_future_costs_no_other_profile_its_count() -> None:
    counter = InvocationCounter({"Periods": [PERIOD]}, PLAIN)
    counter.admit("a", 0)
    counter.admit("b", 10**15)
    assert [counter.admit("a", 1)[0], counter.admit("a", 2)[0]] == [True, False]


def test_another_reading_is_forgotten_no_sooner_than_the_own_one() -> None:
    period = {"Unit": "MONTHS", "Value": 1, "MaxInvocationsPerProfile": 1}
    day = 24 * 60 * MINUTE
    counter = InvocationCounter({"Periods": [period]}, FiringOptions(month_days="30"))
    counter.admit("a", 0)
    fires, unknowns = counter.admit("a", 30 * day + 1)
    assert (fires, "month_days" in unknowns) == (True, True)  # not with 31
    for number in range(FORGET_FROM):
        counter.admit(f"p{number}", 33 * day)
    fires, unknowns = counter.admit("a", 61 * day)
    assert (fires, "month_days" in unknowns) == (True, False)  # with 31 the only one is 61 days ago
