"""A trigger made ready to be asked of many objects: does it match, and of what does that depend."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from batcher.triggers.semantics.assumptions import (
    Assumption,
    assumptions_of,
    attributes_in,
    relevant_to,
)
from batcher.triggers.semantics.attribute_check import (
    Check,
    attribute_check,
    plain_check,
    quick_plain_check,
)
from batcher.triggers.semantics.attribute_sights import AttributeSights, attribute_sights
from batcher.triggers.semantics.definition import AttributeDefinition, conditions_of
from batcher.triggers.semantics.explanation import TriggerVerdict, conditions_verdicts
from batcher.triggers.semantics.logic import conditions_check
from batcher.triggers.semantics.marked_test import marked_names
from batcher.triggers.semantics.options import SemanticsOptions, alternatives
from batcher.triggers.semantics.zones import zone

NOTHING: frozenset[str] = frozenset()
NO_MAPPING: Mapping[str, str] = MappingProxyType({})


class CompiledTrigger:
    """Which objects a trigger matches, by its conditions and under these options.

    ``object_type``: None where the definition names none, as an update may. ``assumptions``: what
    is assumed of AWS in the answers.
    """

    def __init__(
        self,
        definition: Mapping[str, Any],
        options: SemanticsOptions,
        mapping: Mapping[str, str],
    ) -> None:
        zone(options.timezone)  # a name of none is told now
        self.object_type: str | None = definition.get("ObjectTypeName")
        self.options = options
        self._mapping = mapping
        self._conditions = conditions_of(definition)
        self._of_attribute = cache(partial(attribute_check, options=options, mapping=mapping))
        self._check = conditions_check(self._conditions, self._of_attribute)
        self._others = cache(self._compile_others)
        self.assumptions: tuple[Assumption, ...] = assumptions_of(
            self._conditions, self.object_type, options, mapping
        )

    def __repr__(self) -> str:
        return f"<CompiledTrigger: {self.object_type}, {len(self._conditions)} conditions>"

    def applies_to(self, object_type: str) -> bool:
        """Whether events of that object type are looked at; without a name those of every type."""
        return self.object_type is None or self.object_type == object_type

    def fires(self, found: Mapping[str, Any]) -> bool:
        """Whether the conditions match an object of the trigger's type."""
        return self._check(found) & 1 == 1

    def depends_on(self, found: Mapping[str, Any]) -> frozenset[str]:
        """The unknowns of which another choice alone would change whether it fires."""
        return self.verdict(found)[1]

    def verdict(self, found: Mapping[str, Any]) -> tuple[bool, frozenset[str]]:
        """Whether it fires, and on which unknowns that depends; at once, as quick as ``fires``."""
        answer = self._check(found)
        if answer < 2:
            return answer == 1, NOTHING
        fires = answer & 1
        names = (name for name in marked_names(answer) if self._is_changed(name, found, fires))
        return fires == 1, frozenset(names)

    def explain(self, found: Mapping[str, Any], object_type: str | None = None) -> TriggerVerdict:
        """What every condition, dimension and attribute says of an object, and the outcome.

        ``object_type``: of the object, where it is known.
        """
        applies = object_type is None or self.applies_to(object_type)
        fires, depends_on = self.verdict(found) if applies else (False, NOTHING)
        return TriggerVerdict(
            fires=fires,
            object_type=self.object_type,
            object_type_matches=applies,
            depends_on=tuple(sorted(depends_on)),
            conditions=conditions_verdicts(self._conditions, found, self.options, self._mapping),
            assumptions=self.assumptions,
        )

    def sights(self, objects: Sequence[Mapping[str, Any]]) -> AttributeSights:
        """What some objects say to its attributes, whether it matches them or not."""
        attributes = attributes_in(self._conditions)
        return attribute_sights(attributes, objects, self.options, self._mapping)

    def _is_changed(self, name: str, found: Mapping[str, Any], fires: int) -> bool:
        return any(check(found) & 1 != fires for check in self._others(name))

    def _compile_others(self, name: str) -> tuple[Check, ...]:
        """The check of the whole trigger under each other choice of one unknown."""
        make = plain_check if name == "timezone" else quick_plain_check  # of time zones are 105

        def of_attribute(other: SemanticsOptions, attribute: AttributeDefinition) -> Check:
            if name not in relevant_to(attribute, self.options):
                return self._of_attribute(attribute)
            return make(attribute, other, self._mapping)

        return tuple(
            conditions_check(self._conditions, partial(of_attribute, other))
            for other in alternatives(self.options, name)
        )


def compile_trigger(
    definition: Mapping[str, Any],
    options: SemanticsOptions | None = None,
    mapping: Mapping[str, str] = NO_MAPPING,
) -> CompiledTrigger:
    """Make a definition ready: an update, an export's line, or what GetEventTrigger shows.

    ``mapping``: of a FieldName to its path in the object; one that is not in it is a path itself.
    Raises InputError for conditions that can't be read, SettingsError for no time zone.
    """
    return CompiledTrigger(definition, options or SemanticsOptions(), mapping)
