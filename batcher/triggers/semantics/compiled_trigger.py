"""A trigger made ready to be asked of many objects: does it match, and of what does that depend."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from batcher.triggers.semantics.assumptions import Assumption, assumptions_of, attributes_in
from batcher.triggers.semantics.attribute_checks import AttributeChecks
from batcher.triggers.semantics.attribute_sights import AttributeSights, attribute_sights
from batcher.triggers.semantics.definition import AttributeDefinition, conditions_of
from batcher.triggers.semantics.explanation import TriggerVerdict, conditions_verdicts
from batcher.triggers.semantics.logic import conditions_check, matching_readings
from batcher.triggers.semantics.marked_test import marked_names
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.zones import zone

NOTHING: frozenset[str] = frozenset()
NO_MAPPING: Mapping[str, str] = MappingProxyType({})


class CompiledTrigger:
    """Which objects a trigger matches, by its conditions and under these options.

    ``object_type``: None where the definition names none, as an update may. ``assumptions``: what
    is assumed of AWS in the answers.
    """

    __slots__ = ("_check", "_checks", "_conditions", "assumptions", "object_type")

    def __init__(self, definition: Mapping[str, Any], checks: AttributeChecks) -> None:
        zone(checks.options.timezone)  # a name of none is told now
        self.object_type: str | None = definition.get("ObjectTypeName")
        self._checks = checks
        self._conditions = conditions_of(definition)
        self._check = conditions_check(self._conditions, checks.of)
        self.assumptions: tuple[Assumption, ...] = assumptions_of(
            self._conditions, self.object_type, checks.options, checks.mapping
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
            conditions=conditions_verdicts(
                self._conditions, found, self._checks.options, self._checks.mapping
            ),
            assumptions=self.assumptions,
        )

    def sights(self, objects: Sequence[Mapping[str, Any]]) -> AttributeSights:
        """What some objects say to its attributes, whether it matches them or not."""
        attributes = attributes_in(self._conditions)
        return attribute_sights(attributes, objects, self._checks.options, self._checks.mapping)

    def _is_changed(self, name: str, found: Mapping[str, Any], fires: int) -> bool:
        """Whether it fires under another choice of one unknown where it does not, or the reverse.

        Of each attribute the answers under all choices are the bits of one number.
        """
        checks = self._checks
        every = checks.every_choice(name)

        def met(attribute: AttributeDefinition) -> int:
            others = checks.others(attribute, name)
            if others is None:
                return every if checks.of(attribute)(found) & 1 else 0
            bits = 0
            for check in others:
                bits = bits << 1 | check(found) & 1
            return bits

        return matching_readings(self._conditions, met, every) != (every if fires else 0)


def compile_trigger(
    definition: Mapping[str, Any],
    options: SemanticsOptions | None = None,
    mapping: Mapping[str, str] = NO_MAPPING,
) -> CompiledTrigger:
    """Make a definition ready: an update, an export's line, or what GetEventTrigger shows.

    ``mapping``: of a FieldName to its path in the object; one that is not in it is a path itself.
    Raises InputError for conditions that can't be read, SettingsError for no time zone.
    """
    return CompiledTrigger(definition, AttributeChecks(options or SemanticsOptions(), mapping))
