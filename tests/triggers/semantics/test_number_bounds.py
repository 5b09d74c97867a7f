"""The quick comparison with a plain number, against the full test."""

from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.marked_test import marked_test
from batcher.triggers.semantics.number_bounds import quick_number_test
from batcher.triggers.semantics.options import SemanticsOptions

SMALL = st.integers(-3, 3) | st.sampled_from([0.5, float("nan"), float("inf"), 10**400, -(10**400)])
OPERATORS = ["GREATER_THAN", "LESS_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL", "EQUAL"]
RANGES = ["BETWEEN", "NOT_BETWEEN"]
CHOICES = st.builds(
    SemanticsOptions,
    between=st.sampled_from(["inclusive", "exclusive"]),
    lists=st.sampled_from(["any", "all"]),
    missing=st.sampled_from(["unsatisfied", "satisfied"]),
)


@given(
    st.sampled_from(OPERATORS + RANGES),
    st.lists(st.sampled_from(["-1", "0", "2", "1.5", "x"]), min_size=1, max_size=3),
    SMALL,
    CHOICES,
)
def test_the_quick_answer_is_that_of_the_full_test(
    operator: str, values: list[str], number: float, options: SemanticsOptions
) -> None:
    full = marked_test(operator, values, options)
    quick = quick_number_test(operator, values, full)
    assert quick is None or quick(number) == full(number)


def test_plain_bounds_are_quick_and_others_are_not() -> None:
    full = marked_test("EQUAL", ["5"], SemanticsOptions())
    assert quick_number_test("EQUAL", ["5"], full)
    assert quick_number_test("BETWEEN", ["1", "5"], full)
    assert quick_number_test("BETWEEN", ["5", "1"], full) is None
    assert quick_number_test("EQUAL", ["5", "6"], full) is None
    assert quick_number_test("BEGINS_WITH", ["5"], full) is None
