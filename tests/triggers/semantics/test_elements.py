"""The single values of an attribute."""

from typing import Any

import pytest

from batcher.triggers.semantics.elements import elements
from batcher.triggers.semantics.object_path import MISSING
from batcher.triggers.semantics.options import SemanticsOptions

DEFAULTS = SemanticsOptions()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a", ["a"]),
        (["a", ["b", [1, True]]], ["a", "b", 1, True]),
        (None, []),
        (MISSING, []),
        ([None, {}, {"a": 1}], []),
        ("", [""]),
        (" a ", [" a "]),
    ],
)
def test_values_come_out_of_lists_and_what_is_missing_is_left_out(
    value: Any, found: list[Any]
) -> None:
    assert elements(value, DEFAULTS) == found


def test_blanks_and_empty_texts_are_as_the_options_say() -> None:
    assert elements([" a ", " "], SemanticsOptions(trim=True)) == ["a", ""]
    assert elements(["", " "], SemanticsOptions(empty_text="missing")) == [" "]
    assert elements([" "], SemanticsOptions(empty_text="missing", trim=True)) == []


def test_a_list_may_be_nested_as_deep_as_it_likes() -> None:
    value: Any = "a"
    for _ in range(100_000):
        value = [value]
    assert elements(value, DEFAULTS) == ["a"]
