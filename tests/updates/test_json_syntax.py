"""Good JSON has no violation; what is no JSON, or can be read in two ways, is told by its place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.json_syntax import encodable, nesting, text_violations

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=10,
).filter(lambda value: "Infinity" not in json.dumps(value))


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(VALUES, st.booleans())
def test_good_json_has_no_violation_and_is_as_deep_as_it_is(value: Any, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    assert text_violations(text.encode(), frozenset()) == []
    assert nesting(text) == depth(value)


@given(VALUES, st.integers(0, 200))
def test_what_is_cut_short_is_no_json_or_a_shorter_value(value: Any, length: int) -> None:
    part = json.dumps(value, ensure_ascii=False)[:length]
    try:
        json.loads(part)
    except ValueError:
        (violation,) = text_violations(part.encode(), frozenset())
        assert violation.path == ""
        assert violation.message.startswith("not JSON: ")
    else:
        assert text_violations(part.encode(), frozenset()) == []


@pytest.mark.parametrize(
    ("raw", "paths"),
    [
        (b'{"a": 1, "a": 2}', ["a"]),
        (b'{"b": 1, "b": 2}', [""]),  # its name may not be shown
        (b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}', []),
        (b'[{"a": {"a": 1, "a": 2}, "a": 3}]', ["a", "a"]),
        (b'{"a": 1, "\\u0061": 2}', ["a"]),
    ],
)
def test_a_member_given_twice_is_named_if_it_may_be(raw: bytes, paths: list[str]) -> None:
    assert [violation.path for violation in text_violations(raw, frozenset({"a"}))] == paths


@pytest.mark.parametrize(
    ("value", "good"),
    [("é", True), ("\ud800", False), ({"a": ["\udfff"]}, False), ({"\ud800": 1}, False), (1, True)],
)
def test_half_of_a_surrogate_pair_is_not_encodable_wherever_it_is(value: Any, good: bool) -> None:
    assert encodable(value) is good
