import pytest
from hypothesis import given
from msgspec.structs import replace

from batcher.triggers.lint.criterion import (
    ANY_ZONE,
    accepted,
    criterion_of,
    readings,
    unknowns_of,
)
from batcher.triggers.lint.value_ranges import has_number
from batcher.triggers.semantics.operators import operator_test
from batcher.triggers.semantics.values import parse_instant
from tests.triggers.lint.definitions import NUMBER_SCALARS, OF_ANY_KIND, OPTIONS, TIMES


@pytest.mark.parametrize(
    ("operator", "values", "kind", "unknowns"),
    [
        ("GREATER_THAN", ["5"], "number", ""),
        ("GREATER_THAN", ["5", "6"], "number", "several_values"),
        ("GREATER_THAN", ["5", "x"], "unclear", ""),
        ("GREATER_THAN", ["1,000"], "unclear", ""),
        ("GREATER_THAN", [" 5"], "unclear", ""),
        ("GREATER_THAN", ["x"], "never", ""),
        ("EQUAL", ["5"], "equal", ""),
        ("EQUAL", ["x"], "text", ""),
        ("BETWEEN", ["1", "2"], "number", "between"),
        ("BETWEEN", ["2", "1"], "number", "between reversed_ends"),
        ("BETWEEN", ["x", "2"], "never", ""),
        ("BETWEEN", ["1", "2026-01-01"], "unclear", ""),
        ("NOT_BETWEEN", ["1"], "unclear", ""),
        ("BETWEEN", ["2026-01-01", "2026-01-02"], "date", "between day_bound timezone"),
        ("BETWEEN", ["2026-01-01T00:00Z", "2026-01-02"], "unclear", ""),
        ("ON", ["2026-01-01T00:00Z"], "date", "on timezone"),
        ("AFTER", ["2026-01-01"], "date", "day_bound timezone"),
        ("BEFORE", ["1767225600"], "date", "epoch"),
        ("BEFORE", ["soon"], "never", ""),
        ("BEFORE", ["2026-11-01T10:00+01:00[Europe/Paris]"], "unclear", ""),
        ("SOMETHING_NEW", ["5"], "unclear", ""),
    ],
)
def test_a_comparison_is_of_a_kind_and_has_its_unknowns(operator, values, kind, unknowns) -> None:
    read = criterion_of({"Source": "a", "ComparisonOperator": operator, "Values": values})
    assert (read.kind, read.unknowns) == (kind, frozenset(unknowns.split()))


@given(attribute=OF_ANY_KIND, options=OPTIONS)
def test_the_evaluator_takes_what_is_in_the_set_and_nothing_that_is_not(attribute, options) -> None:
    criterion = criterion_of(attribute)
    known = replace(options, trim=False, epoch="auto", text_numbers="numbers")
    test = operator_test(criterion.operator, criterion.values, known)
    if criterion.kind == "number":
        for value in NUMBER_SCALARS:
            assert test(value) == has_number(accepted(criterion, known), value)
    elif criterion.kind == "date":
        in_utc = replace(known, timezone="UTC")
        for value in TIMES[2:]:
            at = parse_instant(value, known).at
            assert test(value) <= has_number(accepted(criterion, in_utc, ANY_ZONE), at)
            assert test(value) >= has_number(accepted(criterion, in_utc, -ANY_ZONE), at)
            if known.timezone == "UTC":
                assert test(value) == has_number(accepted(criterion, known), at)


def test_the_slack_has_room_for_each_time_zone() -> None:
    criterion = criterion_of({"Source": "a", "ComparisonOperator": "ON", "Values": ["2026-03-29"]})
    assert unknowns_of([criterion]) == {"on", "timezone"}
    (narrow,) = accepted(criterion, readings(frozenset())[0])
    (wide,) = accepted(criterion, readings(frozenset())[0], ANY_ZONE)
    assert narrow[0][0] - wide[0][0] == wide[1][0] - narrow[1][0] == ANY_ZONE
