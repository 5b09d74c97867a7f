"""What a Source path leads to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.object_path import MISSING, finder, nowhere

ORDER = {
    "total": 5,
    "order": {"id": "o-1", "items": [{"sku": "x", "tags": ["t", "u"]}, {"sku": "y"}, 7]},
    "dotted.name": 1,
    "0": "zero",
    "none": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("total", 5),
        ("_source.total", 5),
        ("order.id", "o-1"),
        ("_source.order.id", "o-1"),
        ("order.items[1].sku", "y"),
        ("order.items.1.sku", "y"),
        ("order.items[*].sku", ["x", "y"]),
        ("order.items[].sku", ["x", "y"]),
        ("order.items.sku", ["x", "y"]),
        ("order.items[0].tags", ["t", "u"]),
        ("order.items.tags", [["t", "u"]]),
        ("dotted.name", 1),
        ("0", "zero"),
        ("none", None),
        ("none.below", MISSING),
        ("order.items[9].sku", MISSING),
        ("order.items[999999999999].sku", MISSING),
        ("order.items.price", MISSING),
        ("order..id", MISSING),
        ("order.items[-1]", MISSING),
        ("order.", MISSING),
        ("", MISSING),
    ],
)
def test_a_path_leads_to_a_value_or_to_those_of_all_entries(path: str, value: Any) -> None:
    assert finder(path)(ORDER) == value


def test_a_member_of_the_whole_name_comes_before_the_path() -> None:
    assert finder("a.b")({"a.b": 1, "a": {"b": 2}}) == 1
    assert finder("_source.a")({"_source": {"a": 1}, "a": 2}) == 1


def test_an_attribute_that_names_nothing_finds_nothing() -> None:
    assert nowhere(ORDER) is MISSING


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=2),
    lambda below: st.lists(below) | st.dictionaries(st.sampled_from("ab01"), below),
)


@given(st.text("ab01.[]*", max_size=12), st.dictionaries(st.sampled_from("ab01"), JSON))
def test_no_path_and_no_object_raises(path: str, found: dict[str, Any]) -> None:
    finder(path)(found)
