"""Paths into an update: what is written one way is followed that way, and only that far."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.updates.member_path import (
    ABSENT,
    MemberPath,
    PathError,
    changed_at,
    is_member_path,
    member_path,
    put_at,
    values_at,
)
from tests.updates.samples import MODEL, full, valid_lines

VALUES = "EventTriggerConditions[].EventTriggerDimensions[].ObjectAttributes[].Values"


def path(text: str) -> MemberPath:
    return member_path(text, MODEL.schema)


def paths(value: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place below a value."""
    if not isinstance(value, dict | list):
        return []
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    below = [((*steps, key), each) for key, each in inner]
    return [found for place, each in below for found in (place, *paths(each, place))]


@pytest.mark.parametrize(
    "text", ["SegmentFilter", "EventTriggerLimits.Periods[0].Value", VALUES, f"{VALUES}[12]"]
)
def test_a_path_is_written_as_it_was_read(text: str) -> None:
    assert str(path(text)) == text
    assert is_member_path(text, MODEL.schema)
    assert str(path(text.replace("[]", "[*]"))) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a path"),
        (".SegmentFilter", "not a path"),
        ("SegmentFilter.", "not a path"),
        ("Segment Filter", "did you mean SegmentFilter? (at character 1)"),
        ("segment_filter", "did you mean SegmentFilter?"),
        ("EventTriggerLimits.Period", "did you mean Periods? (at character 20)"),
        ("EventTriggerLimits.Periods.Value", "is a list: write [] for every entry, or [0]"),
        ("EventTriggerLimits.Periods[].Value.x", "nothing is below this"),
        ("EventTriggerLimits[0]", "is no list"),
        ("EventTriggerLimits.Periods[-1]", "an index is [0]"),
        ("EventTriggerLimits.Periods[", "an index is [0]"),
        ("EventTriggerLimits.Periods[0]Value", "not a path"),
        (f"EventTriggerLimits.Periods[{'9' * 5000}]", "no list has so many entries"),
        ("SegmentFilter\0", "not a path"),
        ("Ünknown", "no such member; there are"),
    ],
)
def test_a_text_that_is_no_path_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(PathError) as error:
        path(text)
    assert why in str(error.value)
    assert "(at character " in str(error.value)
    assert not is_member_path(text, MODEL.schema)


@settings(max_examples=30)
@given(valid_lines(), st.data())
def test_what_is_put_somewhere_is_there_and_nowhere_else(line: dict[str, Any], data: Any) -> None:
    before = copy.deepcopy(line)
    steps = data.draw(st.sampled_from(paths(line)))
    after = changed_at(line, steps, lambda old: [old, "new"])
    assert line == before
    assert list(values_at(after, steps)) == [[*values_at(line, steps), "new"]]
    assert changed_at(after, steps, lambda new: new[0]) == line


@settings(max_examples=30)
@given(valid_lines(), st.data())
def test_what_is_taken_out_is_gone_with_what_is_left_empty(line: dict[str, Any], data: Any) -> None:
    steps = data.draw(st.sampled_from(paths(line)))
    after = changed_at(line, steps, lambda _: ABSENT)
    assert len(paths(after)) < len(paths(line))
    assert empty_ones(after) <= empty_ones(line)


def empty_ones(line: dict[str, Any]) -> int:
    """How many objects and lists in it have nothing in them."""
    return sum(next(values_at(line, each), None) in ({}, []) for each in paths(line))


def test_every_entry_is_reached_and_members_on_the_way_are_made() -> None:
    line = full()
    assert list(values_at(line, path(f"{VALUES}[]").steps)) == ["a"]
    assert list(values_at({}, path(f"{VALUES}[]").steps)) == []
    made = put_at({}, path("EventTriggerLimits.Periods[0].Value"), 3)
    assert put_at(made, path("EventTriggerLimits.Periods[1].Unit"), "DAYS") == {
        "EventTriggerLimits": {"Periods": [{"Value": 3}, {"Unit": "DAYS"}]}
    }
    with pytest.raises(PathError, match="not so many entries"):
        put_at(made, path("EventTriggerLimits.Periods[2].Value"), 3)
    with pytest.raises(PathError, match="not so many entries"):
        put_at({}, path("EventTriggerLimits.Periods[].Value"), 3)
    wrong = {"EventTriggerLimits": "a text"}
    assert changed_at(wrong, path("EventTriggerLimits.EventExpiration").steps, str) == wrong
