"""The checks of attributes, one for all that are equal, in however many triggers they are."""

from collections.abc import Mapping
from functools import lru_cache

from batcher.triggers.semantics.assumptions import relevant_to
from batcher.triggers.semantics.attribute_check import (
    Check,
    attribute_check,
    plain_check,
    quick_plain_check,
)
from batcher.triggers.semantics.definition import AttributeDefinition
from batcher.triggers.semantics.options import SemanticsOptions, alternatives

OTHERS_KEPT = 512  # attributes and unknowns; of time zones there are a hundred checks each


class AttributeChecks:
    """Makes checks under these options. ``mapping``: of a FieldName to its path in the object.

    ``others``: of an attribute the checks under each other choice of an unknown, None where that
    can't matter to it; made again where very many others were asked for meanwhile.
    """

    def __init__(self, options: SemanticsOptions, mapping: Mapping[str, str]) -> None:
        self.options = options
        self.mapping = mapping
        self._checks: dict[AttributeDefinition, Check] = {}
        self.others = lru_cache(OTHERS_KEPT)(self._made_others)
        self._every: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<AttributeChecks of {len(self._checks):,} attributes>"

    def of(self, attribute: AttributeDefinition) -> Check:
        """The check of an attribute, with marks."""
        if (found := self._checks.get(attribute)) is None:
            found = attribute_check(attribute, self.options, self.mapping)
            self._checks[attribute] = found
        return found

    def every_choice(self, unknown: str) -> int:
        """A number with a bit for each other choice of an unknown."""
        if (found := self._every.get(unknown)) is None:
            found = self._every[unknown] = (1 << len(alternatives(self.options, unknown))) - 1
        return found

    def _made_others(
        self, attribute: AttributeDefinition, unknown: str
    ) -> tuple[Check, ...] | None:
        if unknown not in relevant_to(attribute, self.options):
            return None
        make = plain_check if unknown == "timezone" else quick_plain_check
        others = alternatives(self.options, unknown)
        return tuple(make(attribute, each, self.mapping) for each in others)
