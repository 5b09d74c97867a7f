"""A trigger as a base knows it against the live one: what has changed since, or nothing.

Compared as in ``diff``: without regard to the order of lists.
"""

from collections.abc import Container, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from batcher.triggers.diff import Change, Writable, changes, digest

DriftEffect: TypeAlias = Literal["same", "changed", "unknown"]


class BaseTrigger(Struct, frozen=True, kw_only=True):
    """What a base knows of one trigger.

    ``members`` of a request; ``complete``: these are all that it had. ``sha256``: its digest;
    ``last_updated_at``: AWS's time of that state, epoch seconds. Both None where not known.
    """

    members: dict[str, Any]
    complete: bool
    sha256: str | None = None
    last_updated_at: float | None = None

    def unmoved(self, moment: float | None) -> bool:
        """Whether AWS's time of now says that nothing was changed; False where it can't tell."""
        known = self.last_updated_at
        return known is not None and moment is not None and round(known, 3) == round(moment, 3)


def drift_of(
    base: BaseTrigger, live: Mapping[str, Any], writable: Writable, ignored: Container[str]
) -> tuple[DriftEffect, list[Change]]:
    """What of a live trigger is not as in the base: from there (before) to now (after).

    ``ignored``: members that do not count. Of a trigger that was changed where the base does not
    know it, there are no changes to show; it is unknown where that may be an ignored member.
    """
    known = base.sha256 is not None and not base.complete
    if known and digest(live, writable) == base.sha256:
        return "same", []
    shown = writable(live)
    names = dict.fromkeys((*base.members, *shown) if base.complete else base.members)
    wanted = {name: shown.get(name) for name in names if name not in ignored}
    found = changes(wanted, base.members)
    if found or not known:
        return ("changed" if found else "same"), found
    return ("unknown" if ignored else "changed"), []
