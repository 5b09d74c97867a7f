"""Triggers as they are now, as far as they are asked for: read from an export, or live.

Only looks. What a trigger may be is not decided here: an entry of an export is checked as a line.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from batcher.config import Settings
from batcher.engine.ordered_map import ordered_map
from batcher.error_codes import RESOURCE_NOT_FOUND, TARGET_UNUSABLE
from batcher.errors import InputError
from batcher.jobs.connection import OnConnected, connected
from batcher.jobs.export_lines import ANY_DOMAIN, object_of, read_answer, refused_line
from batcher.jobs.trigger_reader import AHEAD, LiveTrigger, TriggerNames, TriggerReader
from batcher.records import Error, Update
from batcher.sources.input_file import open_input
from batcher.sources.local_file import plain_file
from batcher.task_groups import open_task_group
from batcher.triggers.diff import image, last_updated, same
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation
from batcher.wiring.line_readers import installed_update_model

LIVE = "live"  # in place of a file: what the targets answer
PERMISSIONS = "These credentials have to be allowed to profile:GetEventTrigger."


class TriggerKey(NamedTuple):
    """Which trigger is meant: the target that it is of, its domain, and its name."""

    target: str
    domain: str
    trigger: str

    @classmethod
    def of(cls, update: Update) -> "TriggerKey":
        return cls(update.target, update.domain, update.trigger)

    @property
    def names(self) -> TriggerNames:
        """The members of a request that say which trigger of the target it is."""
        return {"DomainName": self.domain, "EventTriggerName": self.trigger}


CurrentTrigger: TypeAlias = Mapping[str, Any] | Error
"""A request that brings the trigger about as it is, or why there is none (RESOURCE_NOT_FOUND)."""


async def current_triggers(
    origin: str,
    wanted: Collection[TriggerKey],
    settings: Settings,
    on_connected: OnConnected | None = None,
    moments: dict[TriggerKey, float] | None = None,
) -> dict[TriggerKey, CurrentTrigger]:
    """Every wanted trigger as it is now; one that is not there is an Error.

    ``origin``: ``live``, or a file as everywhere (``.gz``, ``.zst``, ``-``, ``s3://…``) with a line
    a trigger, as ``batcher export`` or get-event-trigger give it. A line without a target is of any
    target, one without a domain of any domain. ``moments`` gets AWS's time of the last change of
    each (epoch seconds), where it is told. Raises InputError for a file that can't be read or
    breaks a rule; of live triggers what ``plan_changes`` raises.
    """
    moments = {} if moments is None else moments
    if origin == LIVE:
        return await _live_triggers(set(wanted), settings, on_connected, moments)
    return exported_triggers(origin, wanted, settings, moments)


def exported_triggers(
    origin: str,
    wanted: Collection[TriggerKey],
    settings: Settings,
    moments: dict[TriggerKey, float] | None = None,
) -> dict[TriggerKey, CurrentTrigger]:
    """Every wanted trigger as an export has it. Raises InputError, AwsError where S3 fails."""
    with plain_file(origin, settings) as path, open_input(path, origin) as file:
        export = _Export(wanted, {} if moments is None else moments)
        for line, _, raw in file.lines():
            if violations := export.add(raw, line):
                raise refused_line(origin, line, violations, file.head, export.model)
        if not export.lines:
            raise InputError(f"{origin}: no triggers in it; it is empty.")
    return {key: export.found.get(key) or _missing(origin) for key in wanted}


def _missing(origin: str) -> Error:
    return Error(code=RESOURCE_NOT_FOUND, message=f"there is no such trigger in {origin}")


class _Export:
    """The wanted triggers of an export, as its lines come."""

    def __init__(self, wanted: Collection[TriggerKey], moments: dict[TriggerKey, float]) -> None:
        self._moments = moments
        self.found: dict[TriggerKey, dict[str, Any]] = {}
        self.lines = 0
        self.model = installed_update_model()
        self._reader = LineReader(self.model, default_target="")  # of a line that names none
        self._by_name: defaultdict[str, list[TriggerKey]] = defaultdict(list)
        for key in wanted:
            self._by_name[key.trigger].append(key)

    def add(self, raw: bytes, line: int) -> list[Violation]:
        """Take a line, if it is of a wanted trigger; returns the rules that it breaks."""
        self.lines += 1
        named = self._reader.trigger_of(raw)
        if named is not None and not self._meant(*named):
            return []
        read = self._reader.read(raw, line)
        if isinstance(read, Update):
            return self._take(read, self._meant(read.domain, read.trigger))
        answer = object_of(raw)
        return read or [] if answer is None else self._add_answer(answer, line)

    def _add_answer(self, answer: dict[str, Any], line: int) -> list[Violation]:
        """Take what GetEventTrigger answered, if it is of a wanted trigger."""
        name, domain = answer.get("EventTriggerName"), answer.get("DomainName")
        meant = self._meant(domain, name) if isinstance(name, str) else []
        if isinstance(name, str) and not meant:
            return []
        of = meant[0].domain if meant else ANY_DOMAIN
        read = read_answer(answer, line, self._reader, of)
        if not isinstance(read, Update):
            return read
        return self._take(read, meant)

    def _take(self, read: Update, meant: list[TriggerKey]) -> list[Violation]:
        for key in meant:
            if read.target not in ("", key.target):
                continue
            request = read.request | {"DomainName": key.domain}
            known = self.found.setdefault(key, request)
            if read.based_on is not None and read.based_on.last_updated_at is not None:
                self._moments[key] = read.based_on.last_updated_at
            if known is not request and not same(request, known):
                message = "is there twice, and not the same; an export has each trigger once"
                return [Violation(path="EventTriggerName", message=message)]
        return []

    def _meant(self, domain: Any, name: str) -> list[TriggerKey]:
        """The wanted triggers of that name and domain; ``domain`` None: of any."""
        return [key for key in self._by_name.get(name, ()) if domain in (None, key.domain)]


async def _live_triggers(
    wanted: Collection[TriggerKey],
    settings: Settings,
    on_connected: OnConnected | None,
    moments: dict[TriggerKey, float],
) -> dict[TriggerKey, CurrentTrigger]:
    found: dict[TriggerKey, CurrentTrigger] = {}
    async with connected(settings, sorted({key.target for key in wanted})) as connection:
        if on_connected is not None:
            on_connected(connection.targets)
        for name, error in connection.unusable.items():
            reason = Error(code=TARGET_UNUSABLE, message=str(error))
            found |= {key: reason for key in wanted if key.target == name}
        try:
            async with open_task_group() as tasks:
                for name, target in connection.targets.items():
                    reader = TriggerReader(target, connection.lanes, PERMISSIONS)
                    keys = sorted(key for key in wanted if key.target == name)
                    tasks.start_soon(_read_live, reader, keys, found, moments)
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

    await ordered_map(_each(iter(keys)), read, take, ahead=AHEAD)


async def _each(keys: Iterator[TriggerKey]) -> AsyncIterator[TriggerKey]:
    for key in keys:
        yield key
