"""Paths into an update, such as ``EventTriggerLimits.Periods[0].Value``: read, and followed.

Names are those of the service model. ``[0]`` is one entry of a list, from 0; ``[]`` or ``[*]`` is
every entry. What is changed at a path is copied as far as the path goes; nothing is changed in
place.
"""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final, TypeAlias

from msgspec import Struct

from batcher.updates.json_schema import Schema, dereferenced
from batcher.updates.member_names import MemberNames
from batcher.updates.violations import path_text

INDEX_AT_MOST = 999  # far more than any list of the model holds

_STEP = re.compile(r"(?P<dot>\.?)(?P<name>[^\W\d][\w-]*)|\[(?P<index>\d+|\*|)\]")


class _Absent(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absent.ABSENT  # in place of a value: there is none

EACH: Final = None  # a step: every entry of a list

Step: TypeAlias = str | int | None


class PathError(ValueError):
    """A text that is no path, or a path that leads nowhere: why.

    ``character``: from 1, where in the text.
    """

    def __init__(self, message: str, character: int | None = None) -> None:
        where = "" if character is None else f" (at character {character})"
        super().__init__(f"{message}{where}")


class _UnknownName(Exception):
    """A name that the model does not have behind these ``steps``; ``at``: where it begins."""

    def __init__(self, name: str, steps: list[Step], at: int) -> None:
        super().__init__(name, steps, at)
        self.name = name
        self.steps = steps
        self.at = at


class MemberPath(Struct, frozen=True, kw_only=True):
    """A path, and what the model says of the values there (``rule``, a JSON Schema)."""

    steps: tuple[Step, ...]
    rule: Schema

    def __str__(self) -> str:
        parts = [path_text([step]) if step is not EACH else "[]" for step in self.steps]
        return "".join(part if part[0] == "[" else f".{part}" for part in parts)[1:]

    @property
    def top(self) -> str:
        """The member of an update that the path leads into."""
        return str(self.steps[0])


def member_path(text: str, schema: Schema) -> MemberPath:
    """The path that a text writes. ``schema``: of an update. Raises PathError."""
    try:
        return _followed(text, schema)
    except _UnknownName as unknown:
        message = _no_member(unknown.name, unknown.steps, schema)
        raise PathError(message, unknown.at + 1) from None


def is_member_path(text: str, schema: Schema) -> bool:
    """Whether a text is a path; for one that is none, it is not looked for what is meant."""
    try:
        _followed(text, schema)
    except (PathError, _UnknownName):
        return False
    return True


def values_at(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    """The values that are there, in order; none where the path leads nowhere."""
    if not steps:
        yield value
        return
    step, below = steps[0], steps[1:]
    if step is EACH:
        for each in value if isinstance(value, list) else ():
            yield from values_at(each, below)
    elif isinstance(step, str):
        if isinstance(value, dict) and step in value:
            yield from values_at(value[step], below)
    elif isinstance(value, list) and step < len(value):
        yield from values_at(value[step], below)


def changed_at(value: Any, steps: tuple[Step, ...], change: Callable[[Any], Any]) -> Any:
    """A copy in which what is at the path went through ``change``.

    ``change`` is given ABSENT where nothing is, and returns ABSENT to leave nothing there. Members
    on the way are made, and an entry just behind the last one; an object or list that is left
    without anything goes, too. Where the path can't lead on, nothing is changed.
    """
    if not steps:
        return change(value)
    step, below = steps[0], steps[1:]
    if not _leads_on(value, step):
        return value
    if isinstance(step, str):
        return _with_member(value, step, changed_at(_member(value, step), below, change))
    entries: list[Any] = [] if value is ABSENT else value
    if step is EACH:
        return _left(value, [changed_at(each, below, change) for each in entries])
    if step > len(entries):
        return value
    entry = entries[step] if step < len(entries) else ABSENT
    return _left(value, [*entries[:step], changed_at(entry, below, change), *entries[step + 1 :]])


def put_at(whole: Any, path: MemberPath, value: Any) -> Any:
    """A copy with that value at the path. Raises PathError where it can't lead on."""
    found = changed_at(whole, path.steps, lambda _: value)
    if next(values_at(found, path.steps), ABSENT) is ABSENT:
        raise PathError(
            "leads nowhere: its list has not so many entries, or something else is there"
        )
    return found


def _leads_on(value: Any, step: Step) -> bool:
    return value is ABSENT or isinstance(value, dict if isinstance(step, str) else list)


def _member(value: Any, name: str) -> Any:
    return ABSENT if value is ABSENT else value.get(name, ABSENT)


def _with_member(value: Any, name: str, below: Any) -> Any:
    members = {} if value is ABSENT else value
    if below is not ABSENT:
        return {**members, name: below}
    if name not in members:
        return value
    return {each: kept for each, kept in members.items() if each != name} or ABSENT


def _left(before: Any, entries: list[Any]) -> Any:
    """The entries that are still there; one that has become empty is none."""
    found = [each for each in entries if each is not ABSENT]
    return found or (before if before in (ABSENT, []) else ABSENT)


def _followed(text: str, schema: Schema) -> MemberPath:
    """The path that a text writes. Raises PathError, _UnknownName."""
    here, steps, at = schema, list[Step](), 0
    while at < len(text) or not steps:
        found = _STEP.match(text, at)
        if found is None or (found["name"] is not None and bool(found["dot"]) != bool(steps)):
            raise PathError(_syntax(text[at:]), at + 1)
        step, here = _below(here, found, at, steps)
        steps.append(step)
        here = dereferenced(here, schema)
        at = found.end()
    return MemberPath(steps=tuple(steps), rule=here)


def _below(rule: Schema, found: re.Match[str], at: int, steps: list[Step]) -> tuple[Step, Schema]:
    """One step, and the schema of what is there."""
    name, index = found["name"], found["index"]
    if name is not None:
        known = rule.get("properties", {})
        if rule.get("type") == "array":
            raise PathError("is a list: write [] for every entry, or [0] for the first", at + 1)
        if not known:
            raise PathError("nothing is below this", at + 1 + len(found["dot"]))
        if name not in known:
            raise _UnknownName(name, steps, at + len(found["dot"]))
        return name, known[name]
    if "items" not in rule:
        raise PathError("is no list, so it has no entries", at + 1)
    if index in ("", "*"):
        return EACH, rule["items"]
    if len(index) > len(str(INDEX_AT_MOST)):
        raise PathError("no list has so many entries", at + 1)
    return int(index), rule["items"]


def _no_member(name: str, steps: list[Step], schema: Schema) -> str:
    """What is wrong with a name behind these steps, and the path that is meant most likely."""
    names = MemberNames(schema, frozenset())
    place = [each for each in steps if isinstance(each, str)]
    if (member := names.meant(name, None, place)) is None:
        return f"no such member; there are {names.outline(place)}"
    meant = member.name if list(member.place[:-1]) == place else member.text
    return f"no such member; did you mean {meant}?"


def _syntax(rest: str) -> str:
    if rest[:1] == "[":
        return "an index is [0], [1] …, or [] for every entry"
    return "not a path: write names with dots between, such as EventTriggerLimits.EventExpiration"
