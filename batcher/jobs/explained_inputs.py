"""What ``batcher explain`` reads: one trigger and one event."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from batcher.config import Settings
from batcher.errors import InputError
from batcher.jobs.export_lines import object_of, read_answer, refused_line
from batcher.records import Update
from batcher.sources.json_objects import json_objects, parsed_object
from batcher.sources.local_file import plain_file
from batcher.sources.segment_members import segment_members
from batcher.triggers.semantics.event_line import MEMBERS, NEEDED, OF_STREAM, EventReader
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation
from batcher.wiring.line_readers import installed_update_model

EVENT_NAMES = frozenset({*MEMBERS, *OF_STREAM})


class ExplainedTrigger(Struct, frozen=True, kw_only=True):
    """The trigger that is asked about. ``has_more``: the file holds others after it."""

    name: str
    definition: dict[str, Any]
    line: int
    has_more: bool = False


class ExplainedEvent(Struct, frozen=True, kw_only=True):
    """The event that is asked about, as far as it is told: of a bare object only the object.

    ``at`` and ``delay``: microseconds. ``has_more``: the file holds others after it.
    """

    id: str
    object: dict[str, Any]
    object_type: str | None = None
    profile: str | None = None
    at: int | None = None
    delay: int | None = None
    has_more: bool = False


def read_trigger(origin: str, settings: Settings, name: str | None = None) -> ExplainedTrigger:
    """The trigger of a file; ``name``, or DOMAIN/NAME, chooses one, else the first counts.

    An update, a line of an export, or what get-event-trigger prints. Raises InputError, which
    quotes no value.
    """
    found: list[ExplainedTrigger] = []
    reader = LineReader(installed_update_model(), default_target="")
    for line, raw in json_objects(origin, settings):
        if found and name is None:
            return replace(found[0], has_more=True)
        named = reader.trigger_of(raw)
        if named is not None and name not in (None, named[1], "/".join(named)):
            continue
        update = _update(origin, line, raw, reader)
        if name in (None, update.trigger, f"{update.domain}/{update.trigger}"):
            found.append(
                ExplainedTrigger(name=update.trigger, definition=update.request, line=line)
            )
    return _only(origin, found, name)


def read_event(
    origin: str,
    settings: Settings,
    options: SemanticsOptions,
    event_id: str | None = None,
    object_type: str | None = None,
) -> ExplainedEvent:
    """The event of a file: a line as simulate takes it, a record of a stream, or a bare object.

    ``event_id`` chooses one, else the first counts; ``object_type``: of one that names none. Raises
    InputError, which quotes no value.
    """
    first: ExplainedEvent | None = None
    reader = EventReader(options)
    for line, raw in json_objects(origin, settings):
        if first is not None:
            first = replace(first, has_more=event_id is None)
            break
        event = _event(origin, line, raw, reader)
        if event_id in (None, event.id):
            first = event
    if first is None:
        what = "no event" if event_id is None else "no event of the id that --event gives"
        raise InputError(f"{origin}: holds {what}.")
    return first if first.object_type else replace(first, object_type=object_type)


def read_segment(origin: str, settings: Settings, trigger: ExplainedTrigger) -> dict[str, set[str]]:
    """The members of the trigger's segment, as far as a file names them. Raises InputError."""
    wanted = trigger.definition.get("SegmentFilter")
    with plain_file(origin, settings) as path:
        return segment_members(path, origin, () if wanted is None else (wanted,))


def _only(origin: str, found: list[ExplainedTrigger], name: str | None) -> ExplainedTrigger:
    if not found:
        what = "no trigger" if name is None else "no trigger of the name that --trigger gives"
        raise InputError(f"{origin}: holds {what}.")
    if len(found) > 1:
        lines = " and ".join(str(each.line) for each in found[:2])
        raise InputError(
            f"{origin}: lines {lines} are both of the trigger that --trigger names. Give it as"
            " DOMAIN/NAME, or leave one of the lines in the file."
        )
    return found[0]


def _update(origin: str, line: int, raw: bytes, reader: LineReader) -> Update:
    read = reader.read(raw, line)
    if not isinstance(read, Update):
        read = _answer(reader, raw, line) or read
    if isinstance(read, Update):
        return read
    raise refused_line(origin, line, read or [Violation(message="is blank")], raw, reader.model)


def _answer(reader: LineReader, raw: bytes, line: int) -> Update | list[Violation] | None:
    """What GetEventTrigger answered; None where the line is none of that."""
    answer = object_of(raw)
    if answer is None or not isinstance(answer.get("EventTriggerName"), str):
        return None
    return read_answer(answer, line, reader)


def _event(origin: str, line: int, raw: bytes, reader: EventReader) -> ExplainedEvent:
    value = parsed_object(origin, line, raw, EVENT_NAMES)
    is_line = isinstance(value.get("object"), dict) and value.keys() <= set(MEMBERS)
    if not is_line and not {"Object", "ObjectTypeName"} <= value.keys():
        return ExplainedEvent(id=str(line), object=value)
    if is_line and not value.keys() >= set(NEEDED):
        return _part_of_line(origin, line, value)
    read = reader.from_mapping(value, line)
    if isinstance(read, list):
        raise InputError(f"{origin}: line {line}: {read[0]}")
    return ExplainedEvent(
        id=read.id,
        object=read.object,
        object_type=read.object_type,
        profile=read.profile,
        at=read.at,
        delay=read.delay,
    )


def _part_of_line(origin: str, line: int, value: dict[str, Any]) -> ExplainedEvent:
    """An event without a profile or a time: enough for conditions, not for limits."""
    object_type, name = value.get("object_type"), value.get("id")
    if not isinstance(object_type, str | None):
        raise InputError(f"{origin}: line {line}: object_type: has to be text")
    return ExplainedEvent(
        id=name if isinstance(name, str) and name else str(line),
        object=value["object"],
        object_type=object_type,
    )
