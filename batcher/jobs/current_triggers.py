"""Triggers as they are now, as far as they are asked for: read from an export, or live.

Only looks. What a trigger may be is not decided here: an entry of an export is checked as a line.
"""

from array import array
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from typing import Any, TypeAlias

from batcher.config import Settings
from batcher.engine.ordered_map import ordered_map
from batcher.error_codes import RESOURCE_NOT_FOUND, TARGET_UNUSABLE
from batcher.errors import InputError
from batcher.jobs.connection import OnConnected, connected
from batcher.jobs.export_lines import ANY_DOMAIN, object_of, read_answer, refused_line
from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys
from batcher.jobs.trigger_reader import LiveTrigger, TriggerReader
from batcher.operations import TRIGGER_NAMES
from batcher.records import Error, Update
from batcher.sources.input_file import open_input
from batcher.sources.local_file import plain_file
from batcher.storage.spooled_records import SpooledRecords
from batcher.task_groups import open_task_group
from batcher.triggers.diff import image, last_updated, same
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation
from batcher.wiring.line_readers import installed_update_model

LIVE = "live"  # in place of a file: what the targets answer
PERMISSIONS = "These credentials have to be allowed to profile:GetEventTrigger."


CurrentTrigger: TypeAlias = Mapping[str, Any] | Error
"""A request that brings the trigger about as it is, or why there is none (RESOURCE_NOT_FOUND)."""


async def current_triggers(
    origin: str,
    wanted: Collection[TriggerKey],
    settings: Settings,
    on_connected: OnConnected | None = None,
    moments: dict[TriggerKey, float] | None = None,
    *,
    refuses: bool = True,
) -> Mapping[TriggerKey, CurrentTrigger]:
    """Every wanted trigger as it is now; one that is not there is an Error.

    ``origin``: ``live``, or a file as everywhere (``.gz``, ``.zst``, ``-``, ``s3://…``) with a line
    a trigger, as ``batcher export`` or get-event-trigger give it. A line without a target is of any
    target, one without a domain of any domain. ``moments`` gets AWS's time of the last change of
    each (epoch seconds), where it is told; ``refuses`` as ``connected`` has it. Raises InputError
    for a file that can't be read or breaks a rule, OutputError where there is no place for what it
    says; of live triggers what ``plan_changes`` raises.
    """
    if origin == LIVE:
        noted = {} if moments is None else moments
        return await _live_triggers(set(wanted), settings, on_connected, noted, refuses=refuses)
    return exported_triggers(origin, wanted, settings, moments)


def exported_triggers(
    origin: str,
    wanted: Collection[TriggerKey],
    settings: Settings,
    moments: dict[TriggerKey, float] | None = None,
) -> Mapping[TriggerKey, CurrentTrigger]:
    """Every wanted trigger as an export has it. Raises InputError, OutputError, AwsError of S3."""
    with plain_file(origin, settings) as path, open_input(path, origin) as file:
        export = _Export(wanted, origin, moments)
        for line, _, raw in file.lines():
            if violations := export.add(raw, line):
                raise refused_line(origin, line, violations, file.head, export.model)
        if not export.lines:
            raise InputError(f"{origin}: no triggers in it; it is empty.")
    return export.found


class _ExportedTriggers(Mapping[TriggerKey, CurrentTrigger]):
    """The wanted triggers as an export has them, read when one is asked for: 8 bytes a key more."""

    def __init__(self, keys: TriggerKeys, origin: str) -> None:
        self.keys_wanted = keys
        self._requests = SpooledRecords(dict[str, Any])  # of all, without the names
        self._begins = array("Q", [0]) * len(keys)  # of each place, from 1; 0: it is not there
        self._origin = origin

    def __repr__(self) -> str:
        return f"<_ExportedTriggers: {len(self):,}>"

    def __getitem__(self, key: TriggerKey) -> CurrentTrigger:
        if (place := self.keys_wanted.place(key)) is None:
            raise KeyError(key)
        return self.at(place, key) or _missing(self._origin)

    def __iter__(self) -> Iterator[TriggerKey]:
        return iter(self.keys_wanted)

    def __len__(self) -> int:
        return len(self.keys_wanted)

    def at(self, place: int, key: TriggerKey) -> dict[str, Any] | None:
        """The request of the key at a place; None where there is no such trigger."""
        if not (begin := self._begins[place]):
            return None
        return key.names | self._requests.at(begin - 1)

    def put(self, place: int, request: dict[str, Any]) -> None:
        """Keep the request of the key at a place, where there was none."""
        members = {name: each for name, each in request.items() if name not in TRIGGER_NAMES}
        self._begins[place] = self._requests.put(members) + 1


def _missing(origin: str) -> Error:
    return Error(code=RESOURCE_NOT_FOUND, message=f"there is no such trigger in {origin}")


class _Export:
    """The wanted triggers of an export, as its lines come."""

    def __init__(
        self,
        wanted: Collection[TriggerKey],
        origin: str,
        moments: dict[TriggerKey, float] | None,
    ) -> None:
        self._keys = wanted if isinstance(wanted, TriggerKeys) else TriggerKeys(wanted)
        self._moments = moments
        self.found = _ExportedTriggers(self._keys, origin)
        self.lines = 0
        self.model = installed_update_model()
        self._reader = LineReader(self.model, default_target="")  # of a line that names none

    def add(self, raw: bytes, line: int) -> list[Violation]:
        """Take a line, if it is of a wanted trigger; returns the rules that it breaks."""
        self.lines += 1
        named = self._reader.trigger_of(raw)
        if named is not None and not self._keys.are_meant(*named):
            return []
        read = self._reader.read(raw, line)
        if isinstance(read, Update):
            return self._take(read, self._keys.meant(read.domain, read.trigger, read.target))
        answer = object_of(raw)
        return read or [] if answer is None else self._add_answer(answer, line)

    def _add_answer(self, answer: dict[str, Any], line: int) -> list[Violation]:
        """Take what GetEventTrigger answered, if it is of a wanted trigger."""
        name, domain = answer.get("EventTriggerName"), answer.get("DomainName")
        meant = self._keys.meant(domain, name) if isinstance(name, str) else []
        if isinstance(name, str) and not meant:
            return []
        of = self._keys.key(meant[0]).domain if meant else ANY_DOMAIN
        read = read_answer(answer, line, self._reader, of)
        if not isinstance(read, Update):
            return read
        return self._take(read, meant)

    def _take(self, read: Update, meant: list[int]) -> list[Violation]:
        """Take the trigger of a line for the keys at those places."""
        for place in meant:
            key = self._keys.key(place)
            if read.target not in ("", key.target):
                continue
            self._note_moment(key, read)
            if (known := self.found.at(place, key)) is None:
                self.found.put(place, read.request)
            elif not same(read.request | {"DomainName": key.domain}, known):
                message = "is there twice, and not the same; an export has each trigger once"
                return [Violation(path="EventTriggerName", message=message)]
        return []

    def _note_moment(self, key: TriggerKey, read: Update) -> None:
        base = read.based_on
        if self._moments is not None and base is not None and base.last_updated_at is not None:
            self._moments[key] = base.last_updated_at


async def _live_triggers(
    wanted: Collection[TriggerKey],
    settings: Settings,
    on_connected: OnConnected | None,
    moments: dict[TriggerKey, float],
    *,
    refuses: bool,
) -> dict[TriggerKey, CurrentTrigger]:
    found: dict[TriggerKey, CurrentTrigger] = {}
    keys_of = defaultdict[str, list[TriggerKey]](list)  # of each target, in order
    for key in sorted(wanted):
        keys_of[key.target].append(key)
    async with connected(settings, list(keys_of), refuses=refuses) as connection:
        if on_connected is not None:
            on_connected(connection.targets)
        for name, error in connection.unusable.items():
            reason = Error(code=TARGET_UNUSABLE, message=str(error))
            found |= dict.fromkeys(keys_of[name], reason)
        try:
            async with open_task_group() as tasks:
                for name, target in connection.targets.items():
                    reader = TriggerReader(
                        target, connection.lanes, PERMISSIONS, len(connection.targets)
                    )
                    tasks.start_soon(_read_live, reader, keys_of[name], found, moments)
        finally:
            connection.pacers.remember()
    return found


async def _read_live(
    reader: TriggerReader,
    keys: list[TriggerKey],
    found: dict[TriggerKey, CurrentTrigger],
    moments: dict[TriggerKey, float],
) -> None:
    writable = installed_update_model().writable

    async def read(key: TriggerKey) -> LiveTrigger:
        return await reader.read_named(key.names)

    def take(key: TriggerKey, live: LiveTrigger) -> None:
        found[key] = live if isinstance(live, Error) else key.names | image(live, writable)
        if not isinstance(live, Error) and (moment := last_updated(live)) is not None:
            moments[key] = moment

    await ordered_map(_each(iter(keys)), read, take, ahead=reader.ahead)


async def _each(keys: Iterator[TriggerKey]) -> AsyncIterator[TriggerKey]:
    for key in keys:
        yield key
