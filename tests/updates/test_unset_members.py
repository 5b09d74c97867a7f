"""What nobody filled in is left out and named; what was filled in never is."""

from typing import Any

import pytest
from hypothesis import given, settings

from batcher.updates.unset_members import MADE_UP, without_unset
from tests.updates.samples import MODEL, valid_lines


@settings(max_examples=15)
@given(valid_lines())
def test_what_is_valid_is_set(line: dict[str, Any]) -> None:
    assert without_unset(line, MODEL.schema) == (line, [])


@pytest.mark.parametrize(
    ("given_line", "kept", "left_out"),
    [
        ({"Description": "", "SegmentFilter": None}, {}, ["Description", "SegmentFilter"]),
        ({"EventTriggerConditions": []}, {}, ["EventTriggerConditions"]),
        ({"EventTriggerLimits": {"Periods": [None]}}, {}, ["EventTriggerLimits"]),
        ({"EventTriggerLimits": {}}, {"EventTriggerLimits": {}}, []),
        (
            {"EventTriggerLimits": {"EventExpiration": 5, "Periods": []}},
            {"EventTriggerLimits": {"EventExpiration": 5}},
            ["Periods"],
        ),
        (
            {"EventTriggerLimits": {"Periods": [{"Unit": "DAYS", "Value": 1}, None]}},
            {"EventTriggerLimits": {"Periods": [{"Unit": "DAYS", "Value": 1}]}},
            ["Periods"],
        ),
        (  # a constant alone says nothing where the rest of it was left empty
            {"EventTriggerLimits": {"Periods": [{"Unit": "DAYS", "Value": 0, "Unlimited": True}]}},
            {},
            ["EventTriggerLimits"],
        ),
        (  # and a number does
            {"EventTriggerLimits": {"EventExpiration": 1, "Periods": [{"Unit": None, "Value": 1}]}},
            {"EventTriggerLimits": {"EventExpiration": 1, "Periods": [{"Value": 1}]}},
            ["Unit"],
        ),
        (  # a limit of 0 is a fault, and never no limit
            {"EventTriggerLimits": {"Periods": [{"Value": 7, "MaxInvocationsPerProfile": 0}]}},
            {"EventTriggerLimits": {"Periods": [{"Value": 7, "MaxInvocationsPerProfile": 0}]}},
            [],
        ),
        (  # an empty list makes no skeleton
            {"EventTriggerConditions": [{"LogicalOperator": "ANY", "EventTriggerDimensions": []}]},
            {"EventTriggerConditions": [{"LogicalOperator": "ANY"}]},
            ["EventTriggerDimensions"],
        ),
        (  # but it does where nothing was left empty: what lacks is a fault
            {"EventTriggerLimits": {"Periods": [{"Unit": "DAYS"}]}},
            {"EventTriggerLimits": {"Periods": [{"Unit": "DAYS"}]}},
            [],
        ),
        ({"zq": "", "Zq": 5}, {"Zq": 5}, [MADE_UP]),
    ],
)
def test_what_is_unset_is_left_out(
    given_line: dict[str, Any], kept: dict[str, Any], left_out: list[str]
) -> None:
    assert without_unset(given_line, MODEL.schema) == (kept, left_out)
