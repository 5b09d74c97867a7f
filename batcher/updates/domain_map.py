"""Lines read for other domains than they name: how a domain's triggers are copied to another, by
``--domain-map OLD=NEW``.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from batcher.errors import SettingsError
from batcher.records import Update
from batcher.updates.line_reader import LineReader
from batcher.updates.update_model import UpdateModel
from batcher.updates.violations import Violation


def domain_map(text: str | None) -> dict[str, str]:
    """``a=b,c=d`` as a mapping; empty for None.

    Raises SettingsError when a domain is given two others.
    """
    found: dict[str, str] = {}
    for old, _, new in (pair.partition("=") for pair in text.split(",")) if text else ():
        if found.setdefault(old, new) != new:
            raise SettingsError(
                f"--domain-map: {old} can't be both {found[old]} and {new}. Give one of them."
            )
    return found


class MappedReader(LineReader):
    """A LineReader whose updates name the domains that a map gives."""

    def __init__(
        self,
        model: UpdateModel,
        default_target: str,
        known_targets: frozenset[str] | None,
        domains: Mapping[str, str],
    ) -> None:
        super().__init__(model, default_target, known_targets)
        self._domains = domains

    def read(self, raw: bytes, line: int) -> Update | list[Violation] | None:
        return self._mapped(super().read(raw, line))

    def from_mapping(self, value: Mapping[str, Any], line: int) -> Update | list[Violation]:
        update = super().from_mapping(value, line)
        return update if not isinstance(update, Update) else self._mapped_update(update)

    def _mapped(self, read: Update | list[Violation] | None) -> Update | list[Violation] | None:
        return self._mapped_update(read) if isinstance(read, Update) else read

    def _mapped_update(self, update: Update) -> Update:
        new = self._domains.get(update.domain)
        return (
            update
            if new is None
            else msgspec.structs.replace(update, request={**update.request, "DomainName": new})
        )
