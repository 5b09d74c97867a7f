"""The marks of a test: set wherever another choice changes what is met."""

from typing import Any

import pytest

from batcher.triggers.semantics.marked_test import MARKS, marked_names, marked_test
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions


@pytest.mark.parametrize(
    ("operator", "values", "value", "names"),
    [
        ("INCLUSIVE", ["a"], "A", ["case_sensitive"]),
        ("INCLUSIVE", ["a"], " a", ["trim", "inclusive_match"]),
        ("INCLUSIVE", ["a"], "b", []),
        ("INCLUSIVE", ["1"], 1, ["numbers_as_text"]),
        ("EXCLUSIVE", ["a"], None, ["missing"]),
        ("EXCLUSIVE", ["a"], "", ["empty_text"]),
        ("GREATER_THAN", ["5"], 6, []),
        ("GREATER_THAN", ["5"], "6", ["text_numbers"]),
        ("BETWEEN", ["5", "9"], 9, ["between"]),
        ("BETWEEN", ["9", "5"], 7, ["reversed_ends"]),
        ("BEFORE", ["2026-11-01T12:00Z"], "2026-11-01T12:30", ["timezone"]),
    ],
)
def test_another_choice_that_matters_is_marked(
    operator: str, values: list[str], value: Any, names: list[str]
) -> None:
    marks = marked_test(operator, values, SemanticsOptions())(value)
    assert list(marked_names(marks)) == names


def test_a_number_with_blanks_is_one_where_blanks_do_not_count() -> None:
    test = marked_test("BEFORE", ["1975-01-27"], SemanticsOptions(trim=True))
    assert "epoch" in marked_names(test(" 160000000000 "))


def test_each_unknown_has_a_mark_of_its_own_above_the_answer() -> None:
    assert len(set(MARKS.values())) == len(UNKNOWNS)
    assert all(mark & 1 == 0 and mark.bit_count() == 1 for mark in MARKS.values())
