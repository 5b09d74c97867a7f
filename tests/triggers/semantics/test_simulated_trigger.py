"""A trigger before and after: what starts and stops, by conditions, by limits, by its segment."""

import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.compiled_triggers import CompiledTriggers
from batcher.triggers.semantics.event_line import Event
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.simulated_trigger import SimulatedTrigger
from tests.triggers.semantics.samples import of_one

SECOND = 1_000_000
PLAIN = CompiledTriggers(FiringOptions())


def above(total: int, **members: Any) -> dict[str, Any]:
    """A trigger on orders above that, without any limit unless members have one."""
    unlimited = {"Periods": [{"Unit": "DAYS", "Value": 1, "Unlimited": True}]}
    found = of_one("GREATER_THAN", str(total), source="Total")
    return found | {"EventTriggerLimits": unlimited} | members


def order(total: int | str, at: int = 0, profile: str = "a", **more: Any) -> Event:
    return Event(
        id="e", profile=profile, object_type="Orders", at=at, object={"Total": total}, **more
    )


def at_most(count: int) -> dict[str, Any]:
    period = {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": count}
    return {"EventTriggerLimits": {"Periods": [period]}}


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(0, 9), st.integers(0, 9))
def test_what_starts_and_stops_is_what_only_one_of_both_conditions_takes(
    totals: list[int], old: int, new: int
) -> None:
    trigger = SimulatedTrigger("acme", "t", above(old), above(new), {}, PLAIN)
    for total in totals:
        trigger.take(order(total))
    assert trigger.started == sum(new < total <= old for total in totals)
    assert trigger.stopped == sum(old < total <= new for total in totals)
    assert trigger.events == len(totals)
    assert (trigger.released, trigger.suppressed) == (0, 0)
    assert trigger.old is not None
    assert trigger.old.counts.fired == sum(total > old for total in totals)


def test_an_event_that_limits_alone_let_through_is_released_and_the_other_way_suppressed() -> None:
    looser = SimulatedTrigger(
        "acme", "t", above(1, **at_most(1)), above(1, **at_most(3)), {}, PLAIN
    )
    tighter = SimulatedTrigger(
        "acme", "t", above(1, **at_most(3)), above(1, **at_most(1)), {}, PLAIN
    )
    for number in range(5):
        looser.take(order(2, at=number * SECOND))
        tighter.take(order(2, at=number * SECOND))
    assert (looser.started, looser.released, looser.stopped) == (2, 2, 0)
    assert (tighter.stopped, tighter.suppressed, tighter.started) == (2, 2, 0)
    assert looser.old is not None
    assert (looser.old.counts.matched, looser.old.counts.over_limit) == (5, 4)


def test_a_definition_that_stays_is_asked_once_and_lists_in_another_order_are_the_same() -> None:
    old = above(1, **at_most(2))
    old["EventTriggerLimits"]["Periods"].append({"Unit": "HOURS", "Value": 1, "Unlimited": True})
    new = above(1, EventTriggerLimits={"Periods": old["EventTriggerLimits"]["Periods"][::-1]})
    trigger = SimulatedTrigger("acme", "t", old, new, {}, PLAIN)
    assert not trigger.is_changed
    for number in range(3):
        trigger.take(order(2, at=number))
    assert (trigger.started, trigger.stopped) == (0, 0)
    assert trigger.old is trigger.new is not None
    assert trigger.old.counts.matched == 3


def test_another_segment_or_object_type_stops_and_starts_what_it_did_not_reach() -> None:
    members = {"vip": {"a"}, "gold": {"b"}}
    old, new = above(1, SegmentFilter="vip"), above(1, SegmentFilter="gold")
    trigger = SimulatedTrigger("acme", "t", old, new, members, PLAIN)
    for profile in "abc":
        trigger.take(order(2, profile=profile))
    assert (trigger.started, trigger.stopped) == (1, 1)
    moved = SimulatedTrigger("acme", "t", above(1), above(1, ObjectTypeName="Carts"), {}, PLAIN)
    moved.take(order(2))
    assert (moved.started, moved.stopped, moved.object_types) == (0, 1, {"Orders", "Carts"})


def test_where_there_was_no_trigger_all_of_its_firings_start() -> None:
    trigger = SimulatedTrigger("acme", "t", None, above(1), {}, PLAIN)
    before, after = trigger.take(order(2))
    assert (before.firing, after.firing, trigger.started) == (None, "fired", 1)


def test_an_outcome_that_another_reading_changes_is_counted_by_the_unknown() -> None:
    limits = {"EventTriggerLimits": {"EventExpiration": 1000}}
    trigger = SimulatedTrigger("acme", "t", above(1, **limits), above(2, **limits), {}, PLAIN)
    for delay in (None, 0, 5 * SECOND):
        trigger.take(order(3, delay=delay))
    assert trigger.depends_on == {"no_ingestion_time": 1}
    assert trigger.old is not None
    assert trigger.old.firing_unknowns >= {"no_ingestion_time", "windows"}


def test_an_outcome_that_limits_decide_either_way_depends_on_no_reading_of_conditions() -> None:
    members = above(5, SegmentFilter="vip", **at_most(1))
    trigger = SimulatedTrigger("acme", "t", None, members, {"vip": {"a"}}, PLAIN)
    depends = []
    for profile, total in (("b", "6"), ("a", 7), ("a", "6"), ("b", "6 "), ("a", "6 ")):
        _, after = trigger.take(order(total, profile=profile))
        depends.append(set(after.unknowns))
    assert depends == [set()] * 5
    _, after = trigger.take(order("6 ", profile="a", at=86_400 * SECOND))
    assert (after.firing, set(after.unknowns)) == (None, {"trim"})


def test_firings_are_counted_at_the_time_at_which_events_are_processed() -> None:
    trigger = SimulatedTrigger("acme", "t", None, above(1, **at_most(1)), {}, PLAIN)
    day = 86_400 * SECOND
    trigger.take(order(2, at=0, delay=day - 1))
    _, after = trigger.take(order(2, at=day, delay=0))
    assert after.firing == "over_limit"


def test_a_trigger_that_no_event_was_for_takes_few_bytes() -> None:
    """There may be very many, with limits that are nearly always the same."""
    old, new = above(1, **at_most(3)), above(2, **at_most(3))
    tracemalloc.start()
    try:
        triggers = [SimulatedTrigger("acme", f"t{n}", old, new, {}, PLAIN) for n in range(1_000)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 1_500 * len(triggers)
