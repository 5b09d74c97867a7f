"""What holding live triggers against a base has found."""

from typing import Literal, TypeAlias

from msgspec import Struct

from batcher.records import Error
from batcher.triggers.diff import Change

Drifted: TypeAlias = Literal["changed", "gone", "new", "unknown", "unreadable"]
DRIFT: tuple[Drifted, ...] = ("changed", "gone", "new")  # the others could not be told


class DriftedTrigger(Struct, frozen=True, kw_only=True):
    """A trigger that is not as in the base, or of which that can't be told, and then why.

    ``trigger``: None for the list of a domain, of which new ones can't be told. ``changes``: from
    the base (before) to now; none where it was changed in what the base does not know.
    """

    target: str
    domain: str
    trigger: str | None
    outcome: Drifted
    changes: list[Change] = []
    error: Error | None = None


class DriftReport(Struct, kw_only=True):
    """What live triggers were found to be.

    ``base``: triggers in it; ``held``: so many of these so far; ``same``: as in the base but for
    ignored members; ``read``: those that were read one by one; ``drifted``: all others, by target,
    domain and name.
    """

    base: int
    held: int = 0
    same: int = 0
    read: int = 0
    drifted: list[DriftedTrigger] = []

    def count(self, outcome: Drifted) -> int:
        return sum(each.outcome == outcome for each in self.drifted)

    @property
    def has_drift(self) -> bool:
        return any(each.outcome in DRIFT for each in self.drifted)

    @property
    def complete(self) -> bool:
        """Whether of every trigger it could be told."""
        return all(each.outcome in DRIFT for each in self.drifted)
