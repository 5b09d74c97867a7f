import math

from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.lint.value_ranges import (
    common_ranges,
    has_number,
    is_within,
    joined_ranges,
    numbers_above,
    numbers_below,
    numbers_between,
    other_ranges,
)

ENDS = st.sampled_from([-math.inf, -1, 0, 0.5, 1, 2, 2.0, 10**400, math.inf])
RANGES = st.one_of(
    st.builds(numbers_above, ENDS, inclusive=st.booleans()),
    st.builds(numbers_below, ENDS, inclusive=st.booleans()),
    st.builds(numbers_between, ENDS, ENDS, inclusive=st.booleans()),
)
SETS = st.recursive(
    RANGES,
    lambda below: (
        st.builds(common_ranges, below, below)
        | st.lists(below, max_size=3).map(joined_ranges)
        | below.map(other_ranges)
    ),
    max_leaves=5,
)
TRIED = (-math.inf, -2, -1, -0.5, 0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 10**400, 10**401, math.inf)


@given(low=ENDS, high=ENDS, inclusive=st.booleans())
def test_a_range_has_what_its_comparison_says(low, high, inclusive) -> None:
    for tried in TRIED:
        is_end = inclusive and tried == low
        assert has_number(numbers_above(low, inclusive=inclusive), tried) == (tried > low or is_end)
        assert has_number(numbers_below(low, inclusive=inclusive), tried) == (tried < low or is_end)
        inside = low <= tried <= high if inclusive else low < tried < high
        assert has_number(numbers_between(low, high, inclusive=inclusive), tried) == inside


@given(one=SETS, other=SETS)
def test_sets_are_joined_cut_and_turned_round_as_sets_of_numbers_are(one, other) -> None:
    first, second = ({tried for tried in TRIED if has_number(each, tried)} for each in (one, other))
    for tried in TRIED:
        assert has_number(joined_ranges([one, other]), tried) == (tried in first | second)
        assert has_number(common_ranges(one, other), tried) == (tried in first & second)
        assert has_number(other_ranges(one), tried) == (tried not in first)
    assert is_within(common_ranges(one, other), one)
    assert is_within(one, joined_ranges([one, other]))
    if is_within(one, other):
        assert first <= second
    assert other_ranges(other_ranges(one)) == one
