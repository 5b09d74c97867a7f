"""Which definitions an expression is true of, and what is said of one that is wrong."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.updates.filter_expression import FilterError, FilterExpression
from tests.updates.samples import MODEL, SECRET, valid_lines

DEFINITION: dict[str, Any] = {
    "id": "row-1",
    "DomainName": "acme",
    "EventTriggerName": "cart",
    "ObjectTypeName": "Orders",
    "Description": SECRET,
    "EventTriggerLimits": {
        "EventExpiration": 700_000,
        "Periods": [{"Unit": "DAYS", "Value": 3}, {"Unit": "HOURS", "Value": 1}],
    },
}


def matches(text: str, line: int = 7) -> bool:
    return FilterExpression(text, MODEL.schema).matches(DEFINITION, line)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ObjectTypeName == 'Orders' && EventTriggerLimits.EventExpiration > `600000`", True),
        ('ObjectTypeName == `"Orders"`', True),
        ("EventTriggerLimits.EventExpiration > `800000` || id == 'row-1'", True),
        ("SegmentFilter", False),
        ("!SegmentFilter && target == `null` && line == `7`", True),
        ("EventTriggerLimits.Periods[?Unit == 'WEEKS']", False),
        ("EventTriggerLimits.Periods[1].Value == `1`", True),
        ("length(EventTriggerLimits.Periods) == `2`", True),
        ("max(EventTriggerLimits.Periods[].Value) >= `3`", True),
        ("SegmentFilter && contains(SegmentFilter, 'vip')", False),
        ("`0`", True),  # to JMESPath no number is false
        ('`""`', False),
    ],
)
def test_an_expression_is_true_as_jmespath_says(text: str, expected: bool) -> None:
    assert matches(text) is expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            'ObjectTypeName == "Orders" and EventTriggerLimits.EventExpiration > 600000',
            'from character 28 on. In place of "and" write &&',
        ),
        ("not SegmentFilter", 'In place of "not" write !'),
        ("EventTriggerLimits.EventExpiration > 5", "Numbers stand in backticks"),
        ("SegmentFilter = 'vip'", "Equal is =="),
        ("SegmentFilter == \N{LEFT SINGLE QUOTATION MARK}vip", "Quotes have to be straight"),
        ("SegmentFilter == 'vip", "from character 18 on"),
        ("", "is empty"),
        ("(" * 9000, "nested too deep"),
        ("!" * 20_000, "longer than"),
    ],
)
def test_a_wrong_expression_is_refused_with_the_place_and_what_to_write(
    text: str, why: str
) -> None:
    with pytest.raises(InputError) as error:
        matches(text)
    assert why in str(error.value)


def test_what_can_not_be_evaluated_quotes_nothing_of_the_definition() -> None:
    with pytest.raises(FilterError, match=r"ask for the member first") as error:
        matches("contains(SegmentFilter, 'x')")
    with pytest.raises(FilterError, match=r"abs\(\) takes number") as other:
        matches("abs(Description)")
    assert SECRET not in f"{error.value}{other.value}"
    with pytest.raises(FilterError, match="takes 1 arguments"):
        matches("length()")
    with pytest.raises(FilterError, match="can't be evaluated"):
        matches("EventTriggerLimits.Periods[::0]")


@given(st.text(max_size=40), valid_lines())
def test_any_text_is_true_false_or_refused_in_words(text: str, line: dict[str, Any]) -> None:
    with suppress(InputError, FilterError):
        assert FilterExpression(text, MODEL.schema).matches(line, 1) in (True, False)
