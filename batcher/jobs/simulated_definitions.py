"""Each trigger of a file of updates as it is now, and as the updates make it, one after the other.

What a trigger is now comes from an export, or live; without either, what the updates say is all.
"""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected
from batcher.jobs.current_triggers import CurrentTrigger, current_triggers
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Error
from batcher.triggers.diff import merged
from batcher.triggers.omission import cleared
from batcher.triggers.semantics.compiled_triggers import lacking_members
from batcher.triggers.semantics.firing_options import FiringOptions

Basis: TypeAlias = Literal["current", "missing", "unreadable", "not_given"]
"""What is known of a trigger before the updates: all, that there is none, or nothing."""


class SimulatedDefinition(Struct, frozen=True, kw_only=True):
    """One trigger of a file, before and after all of its updates, which are on these ``lines``.

    ``error``: why it is not known as it is now. ``lacking``: the members that are known of neither
    the updates nor the trigger, and without which nothing can be said of what it would do.
    """

    key: TriggerKey
    basis: Basis
    old: Mapping[str, Any] | None
    new: Mapping[str, Any]
    lines: tuple[int, ...]
    error: Error | None = None

    @property
    def lacking(self) -> list[str]:
        return lacking_members(self.new)

    @property
    def is_whole(self) -> bool:
        """Whether it can be said what it does before and after."""
        return not self.lacking and self.basis != "unreadable"


async def simulated_definitions(
    file: CheckedFile,
    current: str | None,
    options: FiringOptions,
    on_connected: OnConnected | None = None,
) -> list[SimulatedDefinition]:
    """The triggers of a file, in the order of their first updates.

    ``current``: where triggers as they are now come from; None: nothing is known of them. Raises
    what ``current_triggers`` does.
    """
    updates = _requests(file)
    if current is None:
        return [
            _definition(key, None, requests, file, options) for key, requests in updates.items()
        ]
    found = await current_triggers(current, updates, file.settings, on_connected)
    return [
        _definition(key, found[key], requests, file, options) for key, requests in updates.items()
    ]


_Requests: TypeAlias = dict[TriggerKey, list[tuple[int, dict[str, Any]]]]
"""The lines and requests of each trigger, in the order of the file."""


def _requests(file: CheckedFile) -> _Requests:
    found: _Requests = {}
    for target in file.inspection.targets:
        for update in file.source(target).updates():
            found.setdefault(TriggerKey.of(update), []).append((update.line, update.request))
    for requests in found.values():
        requests.sort(key=itemgetter(0))  # a source has the most urgent first
    return dict(sorted(found.items(), key=lambda entry: entry[1][0][0]))


def _definition(
    key: TriggerKey,
    current: CurrentTrigger | None,
    requests: list[tuple[int, dict[str, Any]]],
    file: CheckedFile,
    options: FiringOptions,
) -> SimulatedDefinition:
    old = current if isinstance(current, Mapping) else None
    new: Mapping[str, Any] = old or {}
    for _, request in requests:
        if options.omitted == "kept":
            new = merged(request, new, file.reader.model.writable)
        else:
            new = cleared(request, new)
    return SimulatedDefinition(
        key=key,
        basis=_basis(current),
        old=old,
        new=new,
        lines=tuple(line for line, _ in requests),
        error=current if isinstance(current, Error) else None,
    )


def _basis(current: CurrentTrigger | None) -> Basis:
    if current is None:
        return "not_given"
    if isinstance(current, Error):
        return "missing" if current.code == RESOURCE_NOT_FOUND else "unreadable"
    return "current"
