"""What an expression can't mean by the model is refused, though to JMESPath it is just null."""

from contextlib import suppress

import jmespath
import jmespath.exceptions
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.filter_check import FilterCheck, FilterFault
from tests.updates.samples import MODEL

ATTRIBUTES = "EventTriggerConditions[].EventTriggerDimensions[].ObjectAttributes"


def check(text: str) -> None:
    FilterCheck(MODEL.schema).check_truth(jmespath.compile(text).parsed, MODEL.schema)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('ObjectTypeName == "Orders"', "Orders: no member of a definition has that name here;"
            " a text stands in single quotes: 'Orders'."),
        ("SegmentFiltr == 'x'", "did you mean SegmentFilter?"),
        ("EventExpiration > `5`", "write it with what it is below: "
            "EventTriggerLimits.EventExpiration."),
        ("Unlimited", "EventTriggerLimits.Periods[].Unlimited."),
        ("EventTriggerLimits.Periods.Value", "below a list: write [] behind"),
        ("EventTriggerLimits.Periods[?Unt == 'x']", "did you mean Unit?"),
        ("EventTriggerLimits.Periods[].Valu", "did you mean Value?"),
        ("EventTriggerLimits.Periods[1:].Valu | [0]", "did you mean Value?"),
        ("length(EventTriggerLimits.Period)", "did you mean Periods?"),
        ("[SegmentFiltr]", "did you mean SegmentFilter?"),
        ("SegmentFilter.x", "no member of a definition"),
        ("SegmentFilter == true", "write it in backticks: `true`."),
        ("SegmentFilter == `5`", "it is a text: 'vip'."),
        ("EventTriggerLimits.EventExpiration == '5'", "it is a number: `600000`."),
        ("EventTriggerLimits.EventExpiration == `true`", "it is a number"),
        ("EventTriggerLimits.EventExpiration > '5'", "in backticks: > `600000`."),
        ("EventTriggerLimits.Periods[0].Unlimited == 'true'", "true or false: `true`."),
        ("EventTriggerConditions[].LogicalOperator == 'ALL'", "a list is never more, less or"),
        ("!(EventTriggerLimits.Periods[].MaxInvocationsPerProfile <= `3`)", "a list is never more"),
        ("EventTriggerLimits != `7`", "an object is never"),
        ("SegmentFilter == ['gold', 'vip']", "a list is never the same as one value: contains("),
        (f"contains({ATTRIBUTES}[].Values, 'x')", "a list is never"),
        ("EventTriggerLimits.Periods[?Unit == 'DAILY']", "it is one of MINUTES, HOURS, DAYS"),
        ("ObjectTypeName[0]", "behind what is no list"),
        ("EventTriggerLimits[].Periods", "behind what is no list"),
        ("!EventTriggerLimits.Periods", "in parentheses"),
        ("!EventTriggerConditions[].LogicalOperator", "in parentheses"),
        (f"!({ATTRIBUTES}[?Source == 'x'])", "write [] behind a filter"),
        ("id && EventTriggerLimits.Periods[].Unlimited", "Periods[?Unlimited]"),
        (f"{ATTRIBUTES}[?FieldName] || id", "write [] behind a filter"),
        ("EventTriggerLimits.Periods[?Value == `1` || `2`]", "alone is always true"),
        ("Description > Description", "only numbers are more or less"),
        ("lenght(id)", "JMESPath has no such function; did you mean length?"),
    ],
)  # fmt: skip # the words beside what they are of
def test_what_can_not_be_meant_is_refused(text: str, why: str) -> None:
    with pytest.raises(FilterFault) as fault:
        check(text)
    assert why in str(fault.value)


@pytest.mark.parametrize(
    "text",
    [
        "EventTriggerConditions[].EventTriggerDimensions[].ObjectAttributes[].Values[]",
        "EventTriggerConditions[*].EventTriggerDimensions[0].ObjectAttributes[?Source].Values[][]",
        f"contains({ATTRIBUTES}[].Values[], 'x')",
        f"{ATTRIBUTES}[?contains(Values, 'x')][]",
        "(SegmentFilter || 'none') == 'none' && !(EventTriggerLimits.Periods)",
        "EventTriggerConditions == `null` || EventTriggerLimits.Periods == `[]`",
        "{a: id}.a",
        "EventTriggerLimits.*",
        "map(&Value, EventTriggerLimits.Periods)",
        "sort_by(EventTriggerLimits.Periods, &Value)[0].Unit",
        "EventTriggerLimits.Periods[0:1].Value | [0] > `2`",
        "@ && id == `null` && !(target != 'eu')",
        "EventTriggerLimits.EventExpiration == `1.5`",
    ],
)
def test_what_can_be_meant_is_taken(text: str) -> None:
    check(text)


NAMES = st.sampled_from(
    [
        "id",
        "SegmentFilter",
        "EventTriggerLimits",
        "Periods",
        "Value",
        "EventTriggerConditions",
        "zz",
    ]
)
EXPRESSIONS = st.recursive(
    NAMES | st.sampled_from(["@", "`1`", "'a'", "`null`", '`[{"a":1}]`', "*", '"Periods"']),
    lambda below: st.builds(
        str.format,
        st.sampled_from(
            [
                "{0}.{1}",
                "{0}[]",
                "{0}[0]",
                "{0}[?{1}]",
                "{0}[*].{1}",
                "{0}[1:]",
                "{0} | {1}",
                "!{0}",
                "({0})",
                "{0} && {1}",
                "{0} || {1}",
                "{0} == {1}",
                "{0} < {1}",
                "[{0}, {1}]",
                "{{a: {0}}}",
                "length({0})",
                "map(&{0}, {1})",
                "sort_by({0}, &{1})",
                "{0}.*",
            ]
        ),
        below,
        below,
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_whatever_jmespath_reads_is_taken_or_refused_in_words(text: str) -> None:
    with suppress(FilterFault, jmespath.exceptions.JMESPathError):
        check(text)
