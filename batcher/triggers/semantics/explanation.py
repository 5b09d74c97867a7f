"""Why a trigger matches an object or not: each condition, dimension and attribute by itself.

Holds what conditions and objects say, which is sensitive: who prints it hides that.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from batcher.triggers.semantics.assumptions import Assumption, relevant_to
from batcher.triggers.semantics.attribute_check import attribute_finder, is_by_source, plain_check
from batcher.triggers.semantics.definition import (
    AttributeDefinition,
    ConditionDefinition,
    DimensionDefinition,
)
from batcher.triggers.semantics.elements import is_there
from batcher.triggers.semantics.object_path import MISSING
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions, alternatives

Outcome = Literal["true", "false", "missing"]


class AttributeVerdict(Struct, frozen=True, kw_only=True):
    """What one attribute says of an object.

    ``outcome``: *missing* where the object has no value there. ``met``: whether the operator is
    met, which what is missing may be, too. ``depends_on``: the unknowns of which another choice
    changes ``met``. ``path``, ``values`` and ``seen`` are sensitive; ``seen`` is None where there
    is nothing.
    """

    outcome: Outcome
    met: bool
    operator: str
    depends_on: tuple[str, ...]
    path: str | None
    values: tuple[str, ...]
    seen: Any


class DimensionVerdict(Struct, frozen=True, kw_only=True):
    """Whether all attributes of a dimension are met."""

    met: bool
    attributes: tuple[AttributeVerdict, ...]


class ConditionVerdict(Struct, frozen=True, kw_only=True):
    """Whether the dimensions of a condition are met in the way its operator asks."""

    met: bool
    operator: str
    dimensions: tuple[DimensionVerdict, ...]


class TriggerVerdict(Struct, frozen=True, kw_only=True):
    """Whether a trigger fires on an object, and why. No conditions: it does."""

    fires: bool
    object_type: str | None
    object_type_matches: bool
    depends_on: tuple[str, ...]
    conditions: tuple[ConditionVerdict, ...]
    assumptions: tuple[Assumption, ...]


class _Object(Struct, frozen=True):
    found: Mapping[str, Any]
    options: SemanticsOptions
    mapping: Mapping[str, str]


def conditions_verdicts(
    conditions: Sequence[ConditionDefinition],
    found: Mapping[str, Any],
    options: SemanticsOptions,
    mapping: Mapping[str, str],
) -> tuple[ConditionVerdict, ...]:
    """What every condition says of an object; all are asked, also those that decide nothing."""
    asked = _Object(found, options, mapping)
    return tuple(_condition(each, asked) for each in conditions)


def _condition(condition: ConditionDefinition, asked: _Object) -> ConditionVerdict:
    dimensions = tuple(_dimension(each, asked) for each in condition.event_trigger_dimensions)
    met, operator = [each.met for each in dimensions], condition.logical_operator
    is_met = all(met) if operator == "ALL" else any(met) is (operator == "ANY")
    return ConditionVerdict(met=is_met, operator=operator, dimensions=dimensions)


def _dimension(dimension: DimensionDefinition, asked: _Object) -> DimensionVerdict:
    attributes = tuple(_attribute(each, asked) for each in dimension.object_attributes)
    return DimensionVerdict(met=all(each.met for each in attributes), attributes=attributes)


def _attribute(attribute: AttributeDefinition, asked: _Object) -> AttributeVerdict:
    seen = attribute_finder(attribute, asked.options, asked.mapping)(asked.found)
    met = _is_met(attribute, asked, asked.options)
    by_source = is_by_source(attribute, asked.options)
    return AttributeVerdict(
        outcome=("true" if met else "false") if is_there(seen, asked.options) else "missing",
        met=met,
        operator=attribute.comparison_operator,
        depends_on=tuple(_changing(attribute, asked, met)),
        path=attribute.source if by_source else attribute.field_name,
        values=attribute.values,
        seen=None if seen is MISSING else seen,
    )


def _is_met(attribute: AttributeDefinition, asked: _Object, options: SemanticsOptions) -> bool:
    return bool(plain_check(attribute, options, asked.mapping)(asked.found))


def _changing(attribute: AttributeDefinition, asked: _Object, met: bool) -> list[str]:
    names = relevant_to(attribute, asked.options)
    return [
        unknown.name
        for unknown in UNKNOWNS
        if unknown.name in names
        and any(
            _is_met(attribute, asked, other) != met
            for other in alternatives(asked.options, unknown.name)
        )
    ]
