"""Wanted against current: order says nothing, everything else does."""

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from batcher.operations import TRIGGER_NAMES
from batcher.triggers.diff import (
    NOTHING,
    RANGES,
    Change,
    based_on,
    changes,
    digest,
    image,
    irreversible,
    is_off,
    merged,
    same,
    shown_part,
)
from tests.triggers.samples import answered, requests
from tests.updates.samples import MODEL, full

WRITABLE = MODEL.writable


@st.composite
def shuffled(draw: st.DrawFn, value: Any) -> Any:
    """The value with every list in another order, but for the ends of ranges."""
    if isinstance(value, dict):
        fixed = "Values" if value.get("ComparisonOperator") in RANGES else None
        return {
            name: below if name == fixed else draw(shuffled(below))
            for name, below in draw(st.permutations(list(value.items())))
        }
    if isinstance(value, list):
        return [draw(shuffled(each)) for each in draw(st.permutations(value))]
    return value


@settings(max_examples=50)
@given(requests(), st.data())
def test_order_says_nothing(request: dict[str, Any], data: st.DataObject) -> None:
    other = data.draw(shuffled(request))
    assert same(other, answered(request))
    assert changes(other, answered(request)) == []
    assert digest(answered(other), WRITABLE) == digest(answered(request), WRITABLE)


@settings(max_examples=50)
@given(requests(), requests(), st.sampled_from([{}, {"New": [{"a": 1}]}]))
@example({"EventTriggerLimits": {"New": 1}}, {}, {})
def test_what_an_update_can_say_of_an_answer_is_the_same_whatever_of_it_is_known(
    request: dict[str, Any], other: dict[str, Any], more: dict[str, Any]
) -> None:
    answer = answered({**other, **request}) | more
    known = {name: value for name, value in other.items() if name in WRITABLE({name: value})}
    for each in (known, known | WRITABLE(request), {}):
        part = shown_part(answer, each, WRITABLE)
        assert (part, list(part)) == (WRITABLE(answer), list(WRITABLE(answer)))


@settings(max_examples=50)
@given(requests(), requests())
@example({}, {"EventTriggerLimits": {}})
@example(
    {"EventTriggerLimits": {"Periods": [{"Value": 1, "Unit": "DAYS"}]}},
    {"EventTriggerLimits": {"EventExpiration": 0}},
)
def test_something_changes_exactly_when_it_is_not_the_same_and_then_it_is_done(
    request: dict[str, Any], wanted: dict[str, Any]
) -> None:
    current = answered(request)
    assert (changes(wanted, current) == []) == same(wanted, current)
    assert same(wanted, current | wanted)
    assert all(
        change.path.partition(".")[0].partition("[")[0] in wanted.keys() - TRIGGER_NAMES
        for change in changes(wanted, current)
    )


@settings(max_examples=50)
@given(requests())
@example(full() | {"DomainName": "acme"})
def test_the_image_of_a_trigger_brings_it_about(request: dict[str, Any]) -> None:
    current = answered({name: value for name, value in request.items() if name[0].isupper()})
    line = image(current, WRITABLE) | {"DomainName": "acme"}
    assert same(line, current)
    assert digest(line, WRITABLE) == digest(current, WRITABLE)
    assert MODEL.check(line) == []


@settings(max_examples=50)
@given(requests(), requests())
def test_a_merged_request_is_the_whole_trigger_with_what_is_wanted(
    request: dict[str, Any], wanted: dict[str, Any]
) -> None:
    current = answered(request)
    whole = merged(wanted, current, WRITABLE)
    assert MODEL.check(whole) == []
    assert same(wanted, whole)
    assert same(
        {name: value for name, value in image(current, WRITABLE).items() if name not in wanted},
        whole,
    )


@settings(max_examples=60)
@given(requests(), st.data())
def test_every_single_value_counts(request: dict[str, Any], data: st.DataObject) -> None:
    places = [place for place in _leaves(request, ()) if place[0] not in TRIGGER_NAMES]
    assume(places)
    other = copy.deepcopy(request)
    _set(other, data.draw(st.sampled_from(places)))
    assert not same(other, answered(request))
    assert digest(other, WRITABLE) != digest(request, WRITABLE)


def _leaves(value: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for name, below in value.items() for leaf in _leaves(below, (*path, name))]
    if isinstance(value, list):
        return [
            leaf for index, below in enumerate(value) for leaf in _leaves(below, (*path, index))
        ]
    return [path]


def _set(value: Any, path: tuple[str | int, ...]) -> None:
    """Make what is at that path another value."""
    for part in path[:-1]:
        value = value[part]
    old = value[path[-1]]
    value[path[-1]] = (
        not old if isinstance(old, bool) else old + 1 if isinstance(old, int) else old + "x"
    )


def test_a_member_is_replaced_whole_and_others_do_not_count() -> None:
    current = {
        "SegmentFilter": "vip",
        "EventTriggerLimits": {"EventExpiration": 5, "Periods": [{"Unit": "DAYS", "Value": 1}]},
    }
    wanted = {"DomainName": "other", "EventTriggerLimits": {"EventExpiration": 5}}
    assert not same(wanted, current)
    assert changes(wanted, current) == [
        Change(path="EventTriggerLimits.Periods", before=[{"Unit": "DAYS", "Value": 1}])
    ]


def test_one_entry_that_changed_is_shown_inside_and_several_as_gone_and_come() -> None:
    def conditions(*values: str) -> dict[str, Any]:
        attributes = [{"FieldName": each, "Values": [each]} for each in values]
        return {
            "EventTriggerConditions": [
                {"EventTriggerDimensions": [{"ObjectAttributes": attributes}]}
            ]
        }

    at = "EventTriggerConditions[0].EventTriggerDimensions[0].ObjectAttributes"
    assert changes(conditions("b", "new"), conditions("a", "b")) == [
        Change(path=f"{at}[0].FieldName", before="a", after="new"),
        Change(path=f"{at}[0].Values", removed=("a",), added=("new",)),
    ]
    (change,) = changes(conditions("b", "b"), conditions("b"))
    assert (change.path, change.removed, len(change.added)) == (at, (), 1)
    (change,) = changes(conditions("c", "d"), conditions("a"))
    assert (change.path, len(change.removed), len(change.added)) == (at, 1, 2)


def test_what_is_set_for_the_first_time_can_not_be_undone() -> None:
    wanted = {
        "EventTriggerName": "t",
        "SegmentFilter": "vip",
        "Description": "new",
        "EventTriggerLimits": {},
    }
    assert irreversible(wanted, {"Description": "old"}) == ["SegmentFilter"]


def test_a_plan_is_based_on_content_and_time() -> None:
    found = based_on(answered({"SegmentFilter": "vip"}), WRITABLE)
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=type(found))
    assert json.loads(msgspec.json.encode(found)) == {
        "sha256": digest({"SegmentFilter": "vip"}, WRITABLE),
        "LastUpdatedAt": 1767323045.678,
    }
    assert based_on({}, WRITABLE).last_updated_at is None


MADE_UP = st.dictionaries(st.from_regex(r"New[A-Z][a-z]+", fullmatch=True), st.integers())


@settings(max_examples=50)
@given(requests(), st.data())
def test_what_no_update_can_say_changes_nothing_at_any_depth(
    request: dict[str, Any], data: st.DataObject
) -> None:
    current = answered(request)
    later = data.draw(with_more(current))
    assert WRITABLE(later) == WRITABLE(current)
    assert image(later, WRITABLE) == image(current, WRITABLE)
    assert merged(request, later, WRITABLE) == merged(request, current, WRITABLE)
    assert digest(later, WRITABLE) == digest(current, WRITABLE)
    assert MODEL.check(image(later, WRITABLE) | {"DomainName": "acme"}) == []


@st.composite
def with_more(draw: st.DrawFn, value: Any) -> Any:
    """The value with members that no model has."""
    if isinstance(value, dict):
        return {name: draw(with_more(below)) for name, below in value.items()} | draw(MADE_UP)
    return [draw(with_more(each)) for each in value] if isinstance(value, list) else value


def of_attribute(operator: str, *values: str) -> dict[str, Any]:
    attribute = {"FieldName": "Total", "ComparisonOperator": operator, "Values": list(values)}
    dimension = {"ObjectAttributes": [attribute]}
    return {"EventTriggerConditions": [{"EventTriggerDimensions": [dimension]}]}


@pytest.mark.parametrize("operator", RANGES)
def test_the_ends_of_a_range_are_in_order(operator: str) -> None:
    wanted, current = of_attribute(operator, "5", "1"), of_attribute(operator, "1", "5")
    assert not same(wanted, current)
    (change,) = changes(wanted, current)
    assert (change.before, change.after) == (["1", "5"], ["5", "1"])
    assert digest(wanted, WRITABLE) != digest(current, WRITABLE)
    assert same(current, current)


def test_values_of_other_operators_are_in_no_order() -> None:
    operators = MODEL.schema["$defs"]["ComparisonOperator"]["enum"]
    assert set(RANGES) < set(operators)
    for operator in set(operators) - set(RANGES):
        assert same(of_attribute(operator, "5", "1"), of_attribute(operator, "1", "5"))
    assert len(changes(of_attribute("BETWEEN", "5", "1"), of_attribute("EQUAL", "1", "5"))) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.just("") | st.text() | st.sampled_from((0, 0.0, 1.5)),
        lambda below: (
            st.lists(below)
            | st.dictionaries(st.text(), below)
            | st.fixed_dictionaries({"ComparisonOperator": st.just("BETWEEN"), "Values": below})
        ),
    )
)
def test_a_member_is_off_exactly_when_a_trigger_with_it_alone_is_none(value: Any) -> None:
    assert is_off(value) == (digest({"member": value}, dict) == NOTHING)


@pytest.mark.parametrize("nothing", [{}, [], "", None, False, {"Periods": []}, {"a": {"b": None}}])
def test_empty_and_absent_are_the_same_in_both_directions(nothing: Any) -> None:
    assert same({"EventTriggerLimits": nothing}, {})
    assert same({"EventTriggerLimits": nothing}, {"EventTriggerLimits": {}})
    assert same({"EventTriggerLimits": {}}, {"EventTriggerLimits": nothing})
    assert changes({"EventTriggerLimits": nothing}, {}) == []
    with_it = {"SegmentFilter": "vip", "EventTriggerLimits": nothing}
    assert based_on(with_it, dict) == based_on({"SegmentFilter": "vip"}, dict)
