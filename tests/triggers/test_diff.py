"""Wanted against current: order says nothing, everything else does, and a plan gives away
nothing sensitive.
"""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from batcher.aws.service_model import installed_service_model
from batcher.operations import TRIGGER_NAMES
from batcher.records import BasedOn, Update
from batcher.triggers.diff import (
    HIDDEN,
    ONLY_AWS_SETS,
    Change,
    based_on,
    changes,
    digest,
    image,
    irreversible,
    masked,
    merged,
    same,
)
from batcher.triggers.forecast import Conflict, TriggerForecast
from tests.updates.samples import MODEL, full, valid_lines


def requests() -> st.SearchStrategy[dict[str, Any]]:
    """Requests of UpdateEventTrigger."""
    return valid_lines().map(
        lambda line: {name: value for name, value in line.items() if name[0].isupper()}
    )


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """The trigger as GetEventTrigger shows it."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    there = {name: value for name, value in copy.deepcopy(request).items() if name != "DomainName"}
    return there | {"CreatedAt": moment, "LastUpdatedAt": moment, "Tags": {"team": "a"}}


@st.composite
def shuffled(draw: st.DrawFn, value: Any) -> Any:
    """The value with every list in another order."""
    if isinstance(value, dict):
        return {
            name: draw(shuffled(below))
            for name, below in draw(st.permutations(list(value.items())))
        }
    if isinstance(value, list):
        return [draw(shuffled(each)) for each in draw(st.permutations(value))]
    return value


@given(requests(), st.data())
def test_order_says_nothing(request: dict[str, Any], data: st.DataObject) -> None:
    other = data.draw(shuffled(request))
    assert same(other, answered(request))
    assert changes(other, answered(request)) == []
    assert digest(answered(other)) == digest(answered(request))


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


@given(requests())
@example(full() | {"DomainName": "acme"})
def test_the_image_of_a_trigger_brings_it_about(request: dict[str, Any]) -> None:
    current = answered({name: value for name, value in request.items() if name[0].isupper()})
    line = image(current) | {"DomainName": "acme"}
    assert same(line, current)
    assert digest(line) == digest(current)
    assert MODEL.check(line) == []


@settings(max_examples=50)
@given(requests(), requests())
def test_a_merged_request_is_the_whole_trigger_with_what_is_wanted(
    request: dict[str, Any], wanted: dict[str, Any]
) -> None:
    current = answered(request)
    whole = merged(wanted, current)
    assert MODEL.check(whole) == []
    assert same(wanted, whole)
    assert same(
        {name: value for name, value in image(current).items() if name not in wanted}, whole
    )


@given(requests(), st.data())
def test_every_single_value_counts(request: dict[str, Any], data: st.DataObject) -> None:
    places = [place for place in _leaves(request, ()) if place[0] not in TRIGGER_NAMES]
    assume(places)
    other = copy.deepcopy(request)
    _set(other, data.draw(st.sampled_from(places)))
    assert not same(other, answered(request))
    assert digest(other) != digest(request)


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


@settings(max_examples=50)
@given(requests(), requests())
def test_a_masked_plan_holds_nothing_sensitive(
    request: dict[str, Any], wanted: dict[str, Any]
) -> None:
    text = "a-telling-text"
    for each in (request, wanted):
        if "Description" in each:
            each["Description"] = text + each["Description"]
    found = changes(wanted, answered(request))
    shown = masked(found, MODEL.sensitive)
    assert {change.path.partition(".")[0].partition("[")[0] for change in found} == {
        change.path.partition(".")[0] for change in shown
    }
    assert text not in msgspec.json.encode(shown).decode()
    for change in shown:
        if change.path in MODEL.sensitive:
            assert (change.before in (None, HIDDEN), change.after) == (True, HIDDEN)


def test_what_is_sensitive_deep_below_is_masked_too() -> None:
    found = changes({"A": {"Secret": [1], "B": 2}}, {}) + changes(
        {"C": {"Secret": 1}}, {"C": {"Secret": 2}}
    )
    assert masked(found, frozenset({"Secret"})) == [
        Change(path="A", after={"Secret": HIDDEN, "B": 2}),
        Change(path="C.Secret", before=HIDDEN, after=HIDDEN),
    ]


def test_a_plan_is_based_on_content_and_time() -> None:
    found = based_on(answered({"SegmentFilter": "vip"}))
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=type(found))
    assert json.loads(msgspec.json.encode(found)) == {
        "sha256": digest({"SegmentFilter": "vip"}),
        "LastUpdatedAt": 1767323045.678,
    }
    assert based_on({}).last_updated_at is None


def test_what_aws_sets_alone_is_what_a_request_lacks() -> None:
    model = installed_service_model()
    shown = model["shapes"][model["operations"]["GetEventTrigger"]["output"]["shape"]][
        "members"
    ].keys()
    assert shown - MODEL.schema["properties"].keys() == ONLY_AWS_SETS


def test_updates_of_one_trigger_build_on_each_other_and_conflicts_name_the_latest_line() -> None:
    bases = []

    def step(line: int, **members: Any) -> tuple[list[Change], list[str], list[Conflict]]:
        request = {"DomainName": "acme", "EventTriggerName": "t", **members}
        found = trigger.step(Update(id=str(line), line=line, target="default", request=request))
        bases.append(found.based_on)
        return found.changes, found.irreversible, found.conflicts

    trigger = TriggerForecast({"ObjectTypeName": "Orders", "LastUpdatedAt": 5.5})
    assert step(1, SegmentFilter="a") == (
        [Change(path="SegmentFilter", after="a")],
        ["SegmentFilter"],
        [],
    )
    assert step(2, SegmentFilter="a") == ([], [], [])
    assert step(4, SegmentFilter="b", ObjectTypeName="Orders") == (
        [Change(path="SegmentFilter", before="a", after="b")],
        [],
        [Conflict(member="SegmentFilter", earlier=2)],
    )
    after = BasedOn(sha256=digest({"ObjectTypeName": "Orders", "SegmentFilter": "a"}))
    assert bases == [
        BasedOn(sha256=digest({"ObjectTypeName": "Orders"}), last_updated_at=5.5),
        after,
        after,
    ]
    trigger = TriggerForecast(None)
    assert step(1, SegmentFilter="a") == ([], [], [])
    assert step(2, SegmentFilter="b") == ([], [], [Conflict(member="SegmentFilter", earlier=1)])
