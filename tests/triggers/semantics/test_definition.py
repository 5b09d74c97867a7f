"""Conditions as records, and what is said of those that are none."""

from typing import Any

import pytest

from batcher.errors import InputError
from batcher.triggers.semantics.definition import conditions_of
from tests.triggers.semantics.samples import attribute, condition, dimension, trigger


def test_conditions_are_read_and_other_members_are_passed_over() -> None:
    definition = trigger(condition("ANY", dimension(attribute("ON", "x", FieldName="b"))), Tags={})
    (found,) = conditions_of(definition)
    (only,) = found.event_trigger_dimensions[0].object_attributes
    assert (found.logical_operator, only.comparison_operator) == ("ANY", "ON")
    assert (only.source, only.field_name, only.values) == ("a", "b", ("x",))


@pytest.mark.parametrize("nothing", [{}, {"EventTriggerConditions": None}, trigger()])
def test_no_conditions_are_none(nothing: dict[str, Any]) -> None:
    assert conditions_of(nothing) == ()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ([{"LogicalOperator": "ALL"}], "EventTriggerDimensions"),
        ([condition("SECRET")], r"EventTriggerConditions\[0\].LogicalOperator"),
        ([condition("ALL", dimension(attribute("SECRET")))], r"Attributes\[0\].ComparisonOperator"),
        ([condition("ALL", {"ObjectAttributes": "SECRET"})], "ObjectAttributes"),
        ("SECRET", "EventTriggerConditions"),
        (5, "EventTriggerConditions"),
    ],
)
def test_what_can_not_be_read_is_told_by_its_place_and_not_quoted(given: Any, place: str) -> None:
    with pytest.raises(InputError, match=place) as error:
        conditions_of({"EventTriggerConditions": given})
    assert "SECRET" not in str(error.value)
