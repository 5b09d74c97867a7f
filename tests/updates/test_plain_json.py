"""A caller's values become plain JSON, or are refused where they stand."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.plain_json import PlainJson, is_deeper

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
VALUES = st.recursive(
    LEAVES, lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3)
)
PLAIN = (type(None), bool, int, float, str, list, dict)


class Unit(StrEnum):
    DAYS = "DAYS"


class Count(IntEnum):
    THREE = 3


def types_in(value: Any) -> set[type]:
    below: list[Any] = []
    if isinstance(value, dict):
        below = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        below = value
    return {type(value)}.union(*map(types_in, below))


def put(value: Any, bad: object, data: st.DataObject) -> tuple[Any, list[str | int]]:
    """The value with something bad put at some place; returns it and the place."""
    if isinstance(value, dict) and value:
        name = data.draw(st.sampled_from(sorted(value)))
        below, path = put(value[name], bad, data)
        return {**value, name: below}, [name, *path]
    if isinstance(value, list) and value:
        index = data.draw(st.integers(0, len(value) - 1))
        below, path = put(value[index], bad, data)
        return [*value[:index], below, *value[index + 1 :]], [index, *path]
    return bad, []


@given(VALUES)
def test_plain_json_is_copied_as_it_is(value: Any) -> None:
    plain = PlainJson()
    copied = plain.copy(value, [])
    assert json.dumps(copied) == json.dumps(value)
    assert plain.refused == []
    assert copied is not value or not isinstance(value, dict | list)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        (OrderedDict(a=Unit.DAYS), {"a": "DAYS"}),
        (MappingProxyType({"a": [Count.THREE]}), {"a": [3]}),
    ],
)
def test_what_json_has_a_word_for_becomes_that(value: object, expected: object) -> None:
    plain = PlainJson()
    copied = plain.copy(value, [])
    assert (copied, plain.refused) == (expected, [])
    assert types_in(copied) <= set(PLAIN)


@given(VALUES, st.sampled_from([b"", object(), float("nan"), 2**70, "\ud800", {1}]), st.data())
def test_what_json_has_no_word_for_is_refused_where_it_stands(
    value: Any, bad: object, data: st.DataObject
) -> None:
    broken, path = put(value, bad, data)
    plain = PlainJson()
    plain.copy(broken, [])
    assert [where for where, _ in plain.refused] == [path]


def test_a_name_that_is_no_text_is_refused_where_its_object_stands() -> None:
    plain = PlainJson()
    value: list[Mapping[Any, int]] = [{"a": 1}, {2: 1, "\ud800": 1, "b": 1}]
    assert plain.copy(value, []) == [{"a": 1}, {"b": 1}]
    assert [where for where, _ in plain.refused] == [[1], [1]]


@given(VALUES, st.integers(0, 5))
def test_how_deep_a_value_is_does_not_depend_on_what_is_in_it(value: object, levels: int) -> None:
    def depth(each: object) -> int:
        if not isinstance(each, (dict, list)):
            return 0
        below = each.values() if isinstance(each, dict) else each
        return 1 + max(map(depth, below), default=0)

    assert is_deeper(value, levels) is (depth(value) > levels)
