"""The short ways to an answer, against the full test."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.triggers.semantics.marked_test import marked_test
from batcher.triggers.semantics.operators import OPERATORS
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.quick_tests import quick_number_test, quick_text_test
from tests.triggers.semantics.strategies import DATES, NUMBERS, TEXTS, options

SEEN_NUMBERS = st.one_of(
    st.integers(-3, 8),
    st.sampled_from([0.5, float("nan"), float("inf"), 10**400, -(10**400)]),
)
SEEN_TEXTS = st.one_of(
    st.sampled_from([*TEXTS, *NUMBERS, *DATES, "", " ", "far", "xa ", "2026-11-01T12:00Z "]),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
)
VALUES = st.lists(st.sampled_from([*TEXTS, *NUMBERS, *DATES, " "]), min_size=1, max_size=2)


@settings(max_examples=250)
@given(st.sampled_from(list(OPERATORS)), VALUES, SEEN_NUMBERS | SEEN_TEXTS, options)
def test_the_quick_answer_is_that_of_the_full_test(
    operator: str, values: list[str], seen: Any, chosen: SemanticsOptions
) -> None:
    full = marked_test(operator, values, chosen)
    if isinstance(seen, str):
        quick = quick_text_test(operator, values, chosen, full)
    else:
        quick = quick_number_test(operator, values, full)
    assert quick(seen) == full(seen)


def test_what_is_plain_is_quick_and_all_else_goes_to_the_full_test() -> None:
    def full(_: Any) -> int:
        return -1

    defaults = SemanticsOptions()
    assert quick_number_test("EQUAL", ["5"], full)(5) == 1
    assert quick_number_test("BETWEEN", ["1", "5"], full)(3) == 1
    assert quick_number_test("BETWEEN", ["1", "5"], full)(5) == -1
    assert quick_number_test("BETWEEN", ["5", "1"], full)(3) == -1
    assert quick_number_test("EQUAL", ["5", "6"], full)(5) == -1
    assert quick_text_test("EXCLUSIVE", ["a"], defaults, full)("b") == 1
    assert quick_text_test("CONTAINS", ["a"], defaults, full)("b") == 0
    assert quick_text_test("CONTAINS", ["a"], defaults, full)("bA") == -1
    assert quick_text_test("EQUAL", ["5"], defaults, full)("b") == -1
    at = quick_text_test("AFTER", ["2026-11-01T00:00Z"], defaults, full)
    assert (at("2026-11-02T00:00:00Z"), at("2026-11-02")) == (1, -1)
    assert quick_text_test("AFTER", ["2026-11-01"], defaults, full)("2026-11-02T00:00Z") == -1
