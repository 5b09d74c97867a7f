"""How checks combine: all, any, none; each answers in one number with marks.

The marks of an answer are those of what decides it: of one that fails, where all have to be met; of
one that is met, where any will do; else of all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from batcher.triggers.semantics.attribute_check import Check
from batcher.triggers.semantics.definition import (
    AttributeDefinition,
    ConditionDefinition,
    DimensionDefinition,
)


def all_of(checks: Sequence[Check]) -> Check:
    """Whether an object meets every check."""
    if len(checks) == 1:
        return checks[0]

    def check(found: Mapping[str, Any]) -> int:
        marks = 1
        for each in checks:
            answer = each(found)
            if not answer & 1:
                return answer
            marks |= answer
        return marks

    return check


def any_of(checks: Sequence[Check]) -> Check:
    """Whether an object meets one check or more."""
    if len(checks) == 1:
        return checks[0]

    def check(found: Mapping[str, Any]) -> int:
        marks = 0
        for each in checks:
            answer = each(found)
            if answer & 1:
                return answer
            marks |= answer
        return marks

    return check


def none_of(checks: Sequence[Check]) -> Check:
    """Whether an object meets no check."""
    check = any_of(checks)
    return lambda found: check(found) ^ 1


COMBINED: dict[str, Callable[[Sequence[Check]], Check]] = {
    "ALL": all_of,
    "ANY": any_of,
    "NONE": none_of,
}


def conditions_check(
    conditions: Sequence[ConditionDefinition], of_attribute: Callable[[Any], Check]
) -> Check:
    """Whether an object meets any of the conditions; without conditions each object does."""
    if not conditions:
        return lambda _: 1
    return any_of([_condition_check(each, of_attribute) for each in conditions])


def _condition_check(condition: ConditionDefinition, of_attribute: Callable[[Any], Check]) -> Check:
    dimensions = condition.event_trigger_dimensions
    checks = [_dimension_check(each, of_attribute) for each in dimensions]
    return COMBINED[condition.logical_operator](checks)


def _dimension_check(dimension: DimensionDefinition, of_attribute: Callable[[Any], Check]) -> Check:
    return all_of([of_attribute(each) for each in dimension.object_attributes])


def matching_readings(
    conditions: Sequence[ConditionDefinition],
    of_attribute: Callable[[AttributeDefinition], int],
    every: int,
) -> int:
    """In which of several readings an object meets any of the conditions, a bit each.

    ``of_attribute``: in which it meets an attribute; ``every``: the bits of all readings.
    """
    found = 0 if conditions else every
    for condition in conditions:
        found |= _of_condition(condition, of_attribute, every)
        if found == every:
            break
    return found


def _of_condition(
    condition: ConditionDefinition, of_attribute: Callable[[AttributeDefinition], int], every: int
) -> int:
    needs_all = condition.logical_operator == "ALL"
    found, decided = (every, 0) if needs_all else (0, every)
    for dimension in condition.event_trigger_dimensions:
        met = _of_dimension(dimension, of_attribute, every)
        found = found & met if needs_all else found | met
        if found == decided:
            break
    return every ^ found if condition.logical_operator == "NONE" else found


def _of_dimension(
    dimension: DimensionDefinition, of_attribute: Callable[[AttributeDefinition], int], every: int
) -> int:
    met = every
    for attribute in dimension.object_attributes:
        met &= of_attribute(attribute)
        if not met:
            break
    return met
