"""Many triggers made ready, each when it is first asked, and one for all with equal conditions."""

from collections.abc import Mapping
from typing import Any

import msgspec

from batcher.triggers.diff import is_off
from batcher.triggers.semantics.attribute_checks import AttributeChecks
from batcher.triggers.semantics.compiled_trigger import NO_MAPPING, CompiledTrigger
from batcher.triggers.semantics.firing_options import FiringOptions

MATCHING = ("ObjectTypeName", "EventTriggerConditions")
"""The members that say which events match, and without which nothing can be said."""


def lacking_members(definition: Mapping[str, Any]) -> list[str]:
    """The members of ``MATCHING`` that a definition does not have."""
    return [name for name in MATCHING if is_off(definition.get(name))]


class CompiledTriggers:
    """Compiles definitions under these options. ``mapping``: of each FieldName the path."""

    def __init__(self, options: FiringOptions, mapping: Mapping[str, str] = NO_MAPPING) -> None:
        self.options = options
        self._checks = AttributeChecks(options, mapping)
        self._known: dict[bytes, CompiledTrigger] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, definition: Mapping[str, Any]) -> CompiledTrigger:
        """The trigger of a definition. Raises InputError for conditions that can't be read."""
        key = msgspec.json.encode([definition.get(name) for name in MATCHING])
        if (found := self._known.get(key)) is None:
            found = CompiledTrigger(definition, self._checks)
            self._known[key] = found
        return found
