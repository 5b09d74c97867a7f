"""The conditions of a trigger as records, read off a definition in the words of the service model.

A definition is an update, or a trigger as GetEventTrigger shows it: anything else in it is passed
over.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from batcher.errors import InputError
from batcher.triggers.semantics.operators import OPERATORS

LOGICAL_OPERATORS = ("ALL", "ANY", "NONE")


class AttributeDefinition(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What one attribute of the object has to meet."""

    comparison_operator: str
    values: tuple[str, ...]
    source: str | None = None
    field_name: str | None = None


class DimensionDefinition(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Attributes that all have to be met."""

    object_attributes: tuple[AttributeDefinition, ...]


class ConditionDefinition(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Dimensions, and how they are combined."""

    event_trigger_dimensions: tuple[DimensionDefinition, ...]
    logical_operator: str


def conditions_of(definition: Mapping[str, Any]) -> tuple[ConditionDefinition, ...]:
    """The conditions of a trigger; none where it has none. Raises InputError.

    The error says where, and quotes no value.
    """
    given = definition.get("EventTriggerConditions") or ()
    try:
        found = msgspec.convert(given, tuple[ConditionDefinition, ...])
    except msgspec.ValidationError as error:
        raise InputError(f"EventTriggerConditions can't be read: {error}") from None
    for number, condition in enumerate(found):
        _check(f"EventTriggerConditions[{number}]", condition)
    return found


def _check(place: str, condition: ConditionDefinition) -> None:
    if condition.logical_operator not in LOGICAL_OPERATORS:
        known = ", ".join(LOGICAL_OPERATORS)
        raise InputError(f"{place}.LogicalOperator is none of those that are known: {known}")
    for number, dimension in enumerate(condition.event_trigger_dimensions):
        for each, attribute in enumerate(dimension.object_attributes):
            if attribute.comparison_operator not in OPERATORS:
                raise InputError(
                    f"{place}.EventTriggerDimensions[{number}].ObjectAttributes[{each}]"
                    ".ComparisonOperator is none of those that are known:"
                    f" {', '.join(OPERATORS)}"
                )
