"""A line as it was meant: each misnamed member at any depth is told once, with the right name."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.updates.corrections import HINTS_AT_MOST, Corrections
from tests.updates.samples import MODEL, full, valid_lines

SECRET = "hush-hush"
MADE_UP = "has a member that does not exist"
CONDITION = "EventTriggerConditions[0]"
ATTRIBUTE = f"{CONDITION}.EventTriggerDimensions[0].ObjectAttributes[0]"


def told(line: dict[str, Any]) -> list[str]:
    return list(map(str, MODEL.check(line)))


def line(**members: Any) -> dict[str, Any]:
    return {"DomainName": "acme", "EventTriggerName": "back-in-stock", **members}


def conditions(attribute: dict[str, Any], **others: Any) -> list[dict[str, Any]]:
    dimension = {"ObjectAttributes": [attribute]}
    return [{"EventTriggerDimensions": [dimension], "LogicalOperator": "ALL", **others}]


@settings(max_examples=15)
@given(valid_lines())
def test_what_keeps_the_rules_is_left_as_it_is(valid: dict[str, Any]) -> None:
    corrections = Corrections(MODEL.schema, MODEL.names, MODEL.sensitive)
    assert corrections.corrected(valid) == valid
    assert corrections.violations == []


@pytest.mark.parametrize(
    ("given_line", "hints"),
    [
        (  # a list forgotten, a short name within it, and another operator in that
            line(
                Conditions={
                    "Operator": "ANY",
                    "Dimensions": {
                        "Attributes": {"Field": SECRET, "Is": "ENDS_WITH", "Value": "x"}
                    },
                }
            ),
            {
                "EventTriggerConditions: has to be a list: put [ ] around this one entry",
                f"{CONDITION}: {MADE_UP}, number 1; did you mean LogicalOperator?",
                f"{ATTRIBUTE}: {MADE_UP}, number 1; did you mean FieldName?",
                f"{ATTRIBUTE}: {MADE_UP}, number 2; did you mean ComparisonOperator?",
                f"{ATTRIBUTE}: {MADE_UP}, number 3; did you mean Values?",
            },
        ),
        (  # limits that stand beside their periods, or on the line
            line(EventTriggerLimits={"Value": 1, "unit": "HOUR"}, Unlimited=True),
            {
                "EventTriggerLimits.Value: no such member;"
                " did you mean EventTriggerLimits.Periods[].Value?",
                "EventTriggerLimits.unit: no such member;"
                " did you mean EventTriggerLimits.Periods[].Unit?",
                "Unlimited: no such member; did you mean EventTriggerLimits.Periods[].Unlimited?",
            },
        ),
        (
            line(EventTriggerLimits={"Periods": {"Unit": "HOUR", "Value": 2}}),
            {
                "EventTriggerLimits.Periods: has to be a list: put [ ] around this one entry",
                "EventTriggerLimits.Periods[0].Unit: not one of MINUTES, HOURS, DAYS, WEEKS,"
                " MONTHS; did you mean HOURS?",
            },
        ),
        (
            line(EventTriggerLimits=[{"EventExpiration": 1}]),
            {"EventTriggerLimits: has to be an object: take it out of its [ ]"},
        ),
        (
            line(LastUpdatedAt=1.5, tags={}),
            {
                "LastUpdatedAt: no such member; no update takes it: leave it out",
                "tags: no such member; no update takes it: leave it out",
            },
        ),
        (
            line(EventTriggerConditions=conditions({"ComparisonOperator": "EQUAL", "Values": "5"})),
            {f"{ATTRIBUTE}.Values: has to be a list: put [ ] around this one entry"},
        ),
        (
            line(
                EventTriggerConditions=conditions(
                    {"ComparisonOperator": "=", "Values": ["5"]}, SegmentFilter=SECRET
                )
            ),
            {f"{CONDITION}: has a member that does not exist; did you mean SegmentFilter?"},
        ),
    ],
)
def test_each_fault_has_the_right_member_and_no_content(
    given_line: dict[str, Any], hints: set[str]
) -> None:
    found = told(given_line)
    assert hints <= set(found)
    assert "hush" not in "".join(found)
    assert not any("missing" in each for each in found)


def test_faults_in_a_misnamed_member_are_told_too_and_a_right_one_beside_it_is_kept() -> None:
    both = line(SegmentFilter="vip", segmentFilter="x y z")
    assert told(both) == ["segmentFilter: no such member; did you mean SegmentFilter?"]
    one = line(segmentFilter="x y z")
    assert any(each.startswith("SegmentFilter: does not match") for each in told(one))


def test_a_guess_that_cannot_take_the_value_is_not_looked_into() -> None:
    (only,) = told(line(EventTriggerLimits={"Frequency": "FiveMinutes"}))
    assert only.endswith("did you mean Periods?")


def test_of_very_many_unknown_members_some_have_a_hint_and_the_others_are_counted() -> None:
    many = {f"n{number}": 1 for number in range(5000)}
    found = told(line(**many))
    assert len(found) == HINTS_AT_MOST + 1
    assert found[-1] == f"has {5000 - HINTS_AT_MOST} more such members"


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*MODEL.schema["properties"], "Dimensions", SECRET]), inner
            )
        ),
    )
)
def test_whatever_stands_there_it_is_told_without_its_content(value: Any) -> None:
    for name in full():
        for each in told(line(**{name: value})):
            assert SECRET not in each
            assert json.dumps(each)
