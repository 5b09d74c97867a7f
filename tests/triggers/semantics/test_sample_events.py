"""Sample events touch both sides of every bound, so that a moved bound is always seen."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.compiled_trigger import compile_trigger
from batcher.triggers.semantics.event_line import Event, EventReader
from batcher.triggers.semantics.firing_limits import FiringLimits
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.relevance import BY_OPERATOR
from batcher.triggers.semantics.sample_events import OBJECTS_AT_MOST, SampleEvents, candidates

PLAIN = FiringOptions()
VALUES = {
    "INCLUSIVE": ["vip"],
    "EXCLUSIVE": ["vip"],
    "CONTAINS": ["vip"],
    "BEGINS_WITH": ["vip"],
    "ENDS_WITH": ["vip"],
    "BEFORE": ["2026-11-01T10:00:00Z"],
    "AFTER": ["2026-11-01T10:00:00Z"],
    "ON": ["2026-11-01"],
    "BETWEEN": ["1.5", "7"],
    "NOT_BETWEEN": ["2026-11-01", "2026-12-01"],
}


def attribute(operator: str, values: list[str], path: str = "order.Total") -> dict[str, Any]:
    return {"Source": path, "ComparisonOperator": operator, "Values": values}


def trigger(*attributes: dict[str, Any], logic: str = "ALL", **more: Any) -> dict[str, Any]:
    dimensions = [{"ObjectAttributes": [each]} for each in attributes]
    return {
        "DomainName": "acme",
        "ObjectTypeName": "Orders",
        "EventTriggerConditions": [
            {"LogicalOperator": logic, "EventTriggerDimensions": dimensions}
        ],
    } | more


def events(definition: dict[str, Any]) -> list[Event]:
    reader = EventReader(PLAIN)
    lines = SampleEvents(PLAIN, {}, 1_793_527_200_000_000).of(definition)
    read = [reader.read(msgspec.json.encode(line), 1) for line in lines]
    found = [each for each in read if isinstance(each, Event)]
    assert len(found) == len(read)
    return found


@pytest.mark.parametrize("logic", ["ALL", "ANY", "NONE"])
@pytest.mark.parametrize("operator", sorted(BY_OPERATOR))
def test_events_for_each_operator_match_and_do_not_match(operator: str, logic: str) -> None:
    own = attribute(operator, VALUES.get(operator, ["100"]))
    beside = attribute("EQUAL", ["7"], "Other")
    definition = trigger(own, beside, logic=logic)
    fires = compile_trigger(definition, PLAIN).fires
    assert {fires(each.object) for each in events(definition)} == {True, False}


@given(st.integers(-1000, 1000) | st.floats(-1000, 1000).map(lambda each: round(each, 2)))
def test_a_number_has_neighbours_just_below_and_above(bound: float) -> None:
    found = candidates(attribute("GREATER_THAN", [str(bound)]), PLAIN)
    numbers = [each for each in found if isinstance(each, int | float)]
    assert min(numbers) < bound < max(numbers)
    assert max(numbers) - min(numbers) <= 2.000001


def test_one_profile_has_more_firings_than_allowed_and_one_event_is_too_late() -> None:
    limits = {
        "EventExpiration": 60_000,
        "Periods": [{"Unit": "HOURS", "Value": 1, "MaxInvocationsPerProfile": 3}],
    }
    definition = trigger(attribute("GREATER_THAN", ["5"]), EventTriggerLimits=limits)
    fires = compile_trigger(definition, PLAIN).fires
    known = FiringLimits(definition, {}, PLAIN)
    found = [
        known.judge(each.profile, each.at, each.delay)[0]
        for each in events(definition)
        if fires(each.object)
    ]
    assert (found.count("over_limit"), found.count("expired")) == (1, 1)


def test_events_have_what_is_meant_of_both_source_and_field_name() -> None:
    options = FiringOptions(both_named="field")
    definition = trigger(attribute("EQUAL", ["7"], "order.Total") | {"FieldName": "total"})
    lines = SampleEvents(options, {"total": "sum"}, 1_793_527_200_000_000).of(definition)
    fires = compile_trigger(definition, options, {"total": "sum"}).fires
    assert {fires(each["object"]) for each in lines} == {True, False}


def test_they_come_in_one_after_the_other_also_beside_one_that_is_late() -> None:
    limits = {"EventExpiration": 60_000_000, "Periods": []}
    definition = trigger(attribute("EQUAL", ["7"]), EventTriggerLimits=limits)
    lines = SampleEvents(PLAIN, {}, 1_793_527_200_000_000)
    moments = [line["ingested_at"] for _ in range(2) for line in lines.of(definition)]
    assert moments == sorted(set(moments))


def test_where_a_limit_ends_after_all_calendars_no_event_is_too_late() -> None:
    limits = {"EventExpiration": 10**15}
    late = events(trigger(attribute("GREATER_THAN", ["5"]), EventTriggerLimits=limits))
    assert late == events(trigger(attribute("GREATER_THAN", ["5"]), EventTriggerLimits={}))


@pytest.mark.parametrize(
    "values", [["1e400"], ["9" * 5000], ["NaN"], [""], ["\x00"], ["-0"], ["1e-400"], ["abc"]]
)
@pytest.mark.parametrize("operator", ["GREATER_THAN", "BETWEEN", "BEFORE", "CONTAINS"])
def test_odd_values_have_events_too(operator: str, values: list[str]) -> None:
    assert events(trigger(attribute(operator, values, "a[*].b..c")))


def test_a_definition_of_many_values_has_no_more_than_so_many() -> None:
    many = [attribute("INCLUSIVE", [f"v{n}" for n in range(100)], f"p{m}") for m in range(10)]
    assert len(events(trigger(*many))) < OBJECTS_AT_MOST + 50
