"""Which constant a text stands for, and that no hint turns the sense of what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.value_hint import meant_constant
from tests.updates.samples import MODEL

DEFINITIONS = MODEL.schema["$defs"]
UNITS = DEFINITIONS["PeriodUnit"]["enum"]
COMPARISONS = DEFINITIONS["ComparisonOperator"]["enum"]
LOGICAL = DEFINITIONS["EventTriggerLogicalOperator"]["enum"]


@pytest.mark.parametrize(
    ("options", "texts", "meant"),
    [
        (UNITS, ("DAY", "day", "Days", "daily"), "DAYS"),
        (UNITS, ("minute", "min"), "MINUTES"),
        (COMPARISONS, ("greaterThan", "greater than", ">", "gt", "GREATER_THEN"), "GREATER_THAN"),
        (COMPARISONS, (">=", "gte", "GREATER_THAN_EQUAL"), "GREATER_THAN_OR_EQUAL"),
        (COMPARISONS, ("!=", "NOT_EQUAL", "not in", "notIn"), "EXCLUSIVE"),
        (COMPARISONS, ("starts_with", "BEGIN_WITH"), "BEGINS_WITH"),
        (COMPARISONS, ("notBetween",), "NOT_BETWEEN"),
        (LOGICAL, ("and", "&&", "all"), "ALL"),
        (LOGICAL, ("or", "Any"), "ANY"),
    ],
)
def test_other_words_for_a_constant(options: list[str], texts: tuple[str, ...], meant: str) -> None:
    for text in texts:
        assert meant_constant(text, options) == meant, text


@pytest.mark.parametrize(
    "text",
    [
        *("NOT_CONTAINED", "NOT_GREATER_THAN", "not_before", "NO_BETWEEN", 5, None, [], "x" * 99),
        *("unequal", "NEQUALS", "!contains", "nonInclusive", "ContainsNot", "CONTAINS_NONE"),
    ],
)
def test_what_would_turn_the_sense_is_not_guessed(text: object) -> None:
    found = meant_constant(text, COMPARISONS)
    assert found is None or found == "NOT_BETWEEN"


@given(st.text(max_size=80))
def test_a_hint_is_always_one_of_the_options(text: str) -> None:
    assert meant_constant(text, COMPARISONS) in {None, *COMPARISONS}
