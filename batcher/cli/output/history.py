"""What was done to triggers, for people and as JSON, without what sensitive members hold."""

from collections.abc import Iterator
from typing import Any

import msgspec

from batcher.cli.output.diff import change_lines
from batcher.jobs.history import TriggerHistory
from batcher.jobs.recorded_touches import Touch
from batcher.number_text import several
from batcher.triggers.diff import Change, changes
from batcher.triggers.masking import masked


def history_lines(history: TriggerHistory, hidden: frozenset[str]) -> Iterator[str]:
    """The lines for people. ``hidden``: names of the members whose content is not shown."""
    for touch in history.touches:
        yield from _touch_lines(touch, hidden)
    if history.older:
        yield f"{history.older:,} older ones are not shown; --limit and --since choose."
    if not history.directories:
        yield "There is no run there, nor below it. Give the directory that runs are in with --in."
    elif not history.touches:
        yield f"Nothing of that is there, in {several(history.directories, 'run')} looked at."
    yield from (f"Note: {note}" for note in history.notes)
    yield from (f"Not read: {why}" for why in history.unread)


def history_json(history: TriggerHistory, hidden: frozenset[str]) -> bytes:
    """One JSON object, with ``changes`` of each touch in place of what it was and was to be."""
    members = msgspec.structs.asdict(history)
    members["touches"] = [_as_json(touch, hidden) for touch in history.touches]
    return msgspec.json.encode(members)


def _as_json(touch: Touch, hidden: frozenset[str]) -> dict[str, Any]:
    members = msgspec.structs.asdict(touch)
    del members["before"], members["asked"]
    return members | {"changes": _changes(touch, hidden)}


def _changes(touch: Touch, hidden: frozenset[str]) -> list[Change] | None:
    """None where they are not known, or there can be none."""
    if touch.before is None or touch.asked is None:
        return None
    return masked(changes(touch.asked, touch.before), hidden)


def _touch_lines(touch: Touch, hidden: frozenset[str]) -> Iterator[str]:
    error = "" if touch.error is None else f" ({touch.error.code})"
    status = touch.status.replace("_", " ")
    error += ", and may have been applied all the same" if touch.maybe_applied else ""
    yield f"{touch.at}  {touch.domain}/{touch.trigger}  {status}{error}"
    place = f"{touch.account or 'unknown account'}, {touch.region or 'unknown Region'}"
    yield f"    {touch.kind} {touch.run}, id {touch.id}, target {touch.target} ({place})"
    if touch.who is not None:
        yield f"    by {touch.who}"
    labels = " ".join(f"{name}={value}" for name, value in touch.labels.items())
    if why := " ".join(filter(None, (touch.reason, labels and f"[{labels}]"))):
        yield f"    why: {why}"
    if touch.lost:
        yield f"    was deleted; went with it: {', '.join(touch.lost) or 'nothing'}"
    if touch.unknown is not None:
        yield f"    from what to what is not known: {touch.unknown}"
    yield from (line.plain for line in change_lines(_changes(touch, hidden) or []))
