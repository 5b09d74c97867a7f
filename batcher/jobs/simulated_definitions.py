"""Each trigger of a file of updates as it is now, and as the updates make it, one after the other.

What a trigger is now comes from an export, or live; without either, what the updates say is all.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected
from batcher.jobs.current_triggers import CurrentTrigger, current_triggers
from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys
from batcher.records import Error
from batcher.storage.spooled_records import SpooledRecords
from batcher.triggers.diff import merged
from batcher.triggers.omission import cleared
from batcher.triggers.semantics.compiled_triggers import lacking_members
from batcher.triggers.semantics.firing_options import FiringOptions

Basis: TypeAlias = Literal["current", "missing", "unreadable", "not_given"]
"""What is known of a trigger before the updates: all, that there is none, or nothing."""

_Members: TypeAlias = SpooledRecords[dict[str, Any]]


class SimulatedDefinition(Struct, frozen=True, kw_only=True):
    """One trigger of a file, before and after all of its updates, which are on these ``lines``.

    ``old`` and ``new`` are read again when they are asked for: there may be very many triggers.
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
    requests = _Requests(file)
    if current is None:
        found: Mapping[TriggerKey, CurrentTrigger] | None = None
    else:
        found = await current_triggers(current, requests.keys, file.settings, on_connected)
    spool = _Members(dict[str, Any])
    return [
        _definition(
            key, None if found is None else found[key], requests.of(place), file, options, spool
        )
        for place, key in requests.in_order()
    ]


class _SpooledMembers(Mapping[str, Any]):
    """The members of a definition, read again whenever one is asked for."""

    __slots__ = ("_begin", "_spool")

    def __init__(self, spool: _Members, members: Mapping[str, Any]) -> None:
        self._spool = spool
        self._begin = spool.put(dict(members))

    def __repr__(self) -> str:
        return f"<_SpooledMembers {sorted(self)}>"

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Any]:
        return self._spool.at(self._begin)


class _Requests:
    """The lines and requests of each trigger of a file, by the place of its key."""

    def __init__(self, file: CheckedFile) -> None:
        self.keys = TriggerKeys()
        self._first = array("Q")  # of each place a line
        self._begins = array("Q")  # and its request
        # the other lines, each before its request, where there are any
        self._more: dict[int, array[int]] = {}
        self._requests = _Members(dict[str, Any])
        for target in file.inspection.targets:
            for update in file.source(target).updates():
                place = self.keys.add(TriggerKey.of(update))
                begin = self._requests.put(update.request)
                if place < len(self._first):
                    self._more.setdefault(place, array("Q")).extend((update.line, begin))
                else:
                    self._first.append(update.line)
                    self._begins.append(begin)

    def __repr__(self) -> str:
        return f"<_Requests of {len(self.keys):,} triggers>"

    def in_order(self) -> Iterator[tuple[int, TriggerKey]]:
        """Place and key of each trigger, in the order of their first updates."""
        for place in sorted(range(len(self.keys)), key=self._first_line):
            yield place, self.keys.key(place)

    def _first_line(self, place: int) -> int:
        first: int = self._first[place]
        return min(first, *self._more[place][::2]) if place in self._more else first

    def of(self, place: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Lines and requests of a trigger, in the order of the file."""
        more = self._more.get(place, ())
        lines, begins = (self._first[place], *more[::2]), (self._begins[place], *more[1::2])
        # a source has the most urgent first
        for at in sorted(range(len(lines)), key=lines.__getitem__):
            yield lines[at], self._requests.at(begins[at])


def _definition(
    key: TriggerKey,
    current: CurrentTrigger | None,
    requests: Iterable[tuple[int, dict[str, Any]]],
    file: CheckedFile,
    options: FiringOptions,
    spool: _Members,
) -> SimulatedDefinition:
    old = current if isinstance(current, Mapping) else None
    new: Mapping[str, Any] = old or {}
    lines = list[int]()
    for line, request in requests:
        lines.append(line)
        if options.omitted == "kept":
            new = merged(request, new, file.reader.model.writable)
        else:
            new = cleared(request, new)
    return SimulatedDefinition(
        key=key,
        basis=_basis(current),
        old=None if old is None else _SpooledMembers(spool, old),
        new=_SpooledMembers(spool, new),
        lines=tuple(lines),
        error=current if isinstance(current, Error) else None,
    )


def _basis(current: CurrentTrigger | None) -> Basis:
    if current is None:
        return "not_given"
    if isinstance(current, Error):
        return "missing" if current.code == RESOURCE_NOT_FOUND else "unreadable"
    return "current"
