"""What is assumed of AWS for one trigger: only what can matter to it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from batcher.triggers.semantics.definition import AttributeDefinition, ConditionDefinition
from batcher.triggers.semantics.options import (
    UNKNOWNS,
    Choice,
    SemanticsOptions,
    Unknown,
    assumption,
)
from batcher.triggers.semantics.relevance import relevant

FIELD_IS_PATH = "A FieldName is the path of that name in the object, unless --mapping names one."
NAMES_NOTHING = "An attribute with neither Source nor FieldName is missing in every object."
ANY_OBJECT_TYPE = "The definition names no object type: it is held against objects of any."


class Assumption(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sentence that is assumed. ``option`` and ``choice``: where it can be chosen otherwise."""

    sentence: str
    option: str | None = None
    choice: Choice | None = None


def assumptions_of(
    conditions: Sequence[ConditionDefinition],
    object_type: str | None,
    options: SemanticsOptions,
    mapping: Mapping[str, str],
) -> tuple[Assumption, ...]:
    """All that the answers for a trigger rest on, in the order of the table of unknowns."""
    attributes = list(attributes_in(conditions))
    names = {name for each in attributes for name in relevant_to(each, options)}
    chosen = [assumed(options, unknown) for unknown in UNKNOWNS if unknown.name in names]
    fixed = []
    if any(_is_by_name(each, mapping) for each in attributes):
        fixed.append(Assumption(sentence=FIELD_IS_PATH))
    if any(each.source is None and each.field_name is None for each in attributes):
        fixed.append(Assumption(sentence=NAMES_NOTHING))
    if object_type is None:
        fixed.append(Assumption(sentence=ANY_OBJECT_TYPE))
    return (*chosen, *fixed)


def assumed(options: SemanticsOptions, unknown: Unknown) -> Assumption:
    """What is assumed of one unknown, of matching or of firing; one record for all triggers."""
    choice = getattr(options, unknown.name)
    return _assumed(assumption(options, unknown), unknown.name, choice)


@lru_cache(maxsize=256)
def _assumed(sentence: str, option: str, choice: Choice) -> Assumption:
    return Assumption(sentence=sentence, option=option, choice=choice)


def attributes_in(conditions: Sequence[ConditionDefinition]) -> Iterator[AttributeDefinition]:
    """The attributes of all dimensions of all conditions."""
    for condition in conditions:
        for dimension in condition.event_trigger_dimensions:
            yield from dimension.object_attributes


def relevant_to(attribute: AttributeDefinition, options: SemanticsOptions) -> frozenset[str]:
    """The unknowns of which another choice could change what an attribute says."""
    names = relevant(attribute.comparison_operator, attribute.values, options)
    is_twice = attribute.source is not None and attribute.field_name is not None
    return names | {"both_named"} if is_twice else names


def _is_by_name(attribute: AttributeDefinition, mapping: Mapping[str, str]) -> bool:
    return attribute.field_name is not None and attribute.field_name not in mapping
