"""Changes that are wished for triggers: set, unset, append to, remove from, replace at a path.

What an edit may be is decided before any trigger is seen; what it does to one, here too.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from batcher.errors import InputError
from batcher.operations import TRIGGER_NAMES
from batcher.triggers.diff import alike, is_off
from batcher.updates.given_value import ValueTextError, value_of
from batcher.updates.json_schema import Schema, dereferenced
from batcher.updates.member_path import (
    ABSENT,
    EACH,
    MemberPath,
    PathError,
    changed_at,
    member_path,
)

UNCLEARABLE = "no update can clear it"
TEXT_SHOWN_AT_MOST = 100  # characters of what is no path

Change: TypeAlias = Callable[[Any], Any]


class Edit(Struct, frozen=True, kw_only=True):
    """One wished change: ``flag`` as it is given, where, and what becomes of what is there.

    ``change`` is given ABSENT where nothing is. ``makes``: it puts something there.
    """

    flag: str
    path: MemberPath
    change: Change
    makes: bool

    def __str__(self) -> str:
        return f"{self.flag} {self.path}"


class Edited(Struct, frozen=True, kw_only=True):
    """What becomes of a trigger: ``after`` every edit that could be made.

    ``blocked``: why one of them can't be, in words, and then the trigger stays as it is;
    ``idle``: the places of those that found nothing to change.
    """

    after: Mapping[str, Any]
    blocked: str | None = None
    idle: tuple[int, ...] = ()


def set_edit(wish: str, schema: Schema) -> Edit:
    """``PATH=JSON``: that value, there. ``schema``: of an update. Raises InputError."""
    path, value = _assignment("--set", wish, schema)
    return Edit(flag="--set", path=path, change=lambda _: value, makes=True)


def unset_edit(wish: str, schema: Schema) -> Edit:
    """``PATH``: nothing there. Raises InputError for what no update can clear."""
    path = _changeable("--unset", wish, schema)
    if len(path.steps) == 1:
        raise InputError(
            f"--unset {path}: {UNCLEARABLE}: what an update leaves out stays as it is. What is"
            " below a member can be left out; else delete the trigger and create it anew."
        )
    return Edit(flag="--unset", path=path, change=lambda _: ABSENT, makes=False)


def append_edit(wish: str, schema: Schema) -> Edit:
    """``PATH=JSON``: one more entry of a list, unless it is there. Raises InputError."""
    path, value = _assignment("--append", wish, schema, entry=True)

    def append(entries: Any) -> Any:
        if entries is ABSENT:
            return [value]
        return entries if any(alike(each, value) for each in entries) else [*entries, value]

    return Edit(flag="--append", path=path, change=append, makes=True)


def remove_edit(wish: str, schema: Schema) -> Edit:
    """``PATH=JSON``: a list without those entries. Raises InputError."""
    path, value = _assignment("--remove", wish, schema, entry=True)

    def remove(entries: Any) -> Any:
        if entries is ABSENT:
            return ABSENT
        kept = [each for each in entries if not alike(each, value)]
        return entries if len(kept) == len(entries) else kept or ABSENT

    return Edit(flag="--remove", path=path, change=remove, makes=False)


def replace_edit(wish: tuple[str, str, str], schema: Schema) -> Edit:
    """``PATH OLD NEW``: the new value where the old one is; of a list each entry that is OLD.

    Raises InputError.
    """
    path = _changeable("--replace", wish[0], schema)
    rule = _entry_rule(path, schema) if path.rule.get("type") == "array" else path.rule
    old, new = (_value("--replace", path, text, rule) for text in wish[1:])

    def replace(value: Any) -> Any:
        if value is not ABSENT and rule is not path.rule:
            return [new if alike(each, old) else each for each in value]
        return new if value is not ABSENT and alike(value, old) else value

    return Edit(flag="--replace", path=path, change=replace, makes=False)


def edited(trigger: Mapping[str, Any], edits: Sequence[Edit]) -> Edited:
    """What becomes of a trigger, or of a request for one, by edits in their order."""
    after: Any = trigger
    idle, last = list[int](), dict[str, Edit]()
    for place, edit in enumerate(edits):
        before, counted = after, _Counted(edit.change)
        after = changed_at(before, edit.path.steps, counted)
        last[edit.path.top] = edit
        if edit.makes and not counted.calls and EACH not in edit.path.steps:
            return Edited(after=trigger, blocked=f"{edit}: its list has not so many entries")
        if _is_idle(edit, before, after, counted.calls):
            idle.append(place)
    for top, edit in last.items():
        if is_off(after.get(top)) and not is_off(trigger.get(top)):
            return Edited(after=trigger, blocked=f"{edit}: nothing would be left; {UNCLEARABLE}")
    return Edited(after=after, idle=tuple(idle))


class _Counted:
    """A change, and how often it was made."""

    def __init__(self, change: Change) -> None:
        self.calls = 0
        self._change = change

    def __call__(self, value: Any) -> Any:
        self.calls += 1
        return self._change(value)


def _is_idle(edit: Edit, before: Any, after: Any, calls: int) -> bool:
    """Whether an edit found nothing to work on; what puts a value there that is there, did not."""
    if edit.makes:
        return not calls
    top = edit.path.top
    return alike(before.get(top), after.get(top))


def _assignment(
    flag: str, wish: str, schema: Schema, *, entry: bool = False
) -> tuple[MemberPath, Any]:
    """The path and the value of ``PATH=JSON``. ``entry``: the value is one of the list there."""
    text, equals, value = wish.partition("=")
    if not equals:
        raise InputError(f"{flag}: write it as PATH=JSON, such as SegmentFilter=vip.")
    path = _changeable(flag, text, schema)
    rule = path.rule
    if entry:
        if rule.get("type") != "array":
            why = "write the path without [] at its end" if path.steps[-1] is EACH else "use --set"
            raise InputError(f"{flag} {path}: is no list; {why}.")
        rule = _entry_rule(path, schema)
    return path, _value(flag, path, value, rule)


def _entry_rule(path: MemberPath, schema: Schema) -> Schema:
    return dereferenced(path.rule["items"], schema)


def _value(flag: str, path: MemberPath, text: str, rule: Schema) -> Any:
    try:
        value = value_of(text, rule)
    except ValueTextError as error:
        raise InputError(f"{flag} {path}: the value: {error}.") from None
    if value == "":
        raise InputError(f"{flag} {path}: the value: is empty; {UNCLEARABLE}.")
    return value


def _changeable(flag: str, text: str, schema: Schema) -> MemberPath:
    text = text.strip()
    try:
        path = member_path(text, schema)
    except PathError as error:
        raise InputError(f"{flag} {text[:TEXT_SHOWN_AT_MOST]}: {error}.") from None
    if path.top in TRIGGER_NAMES:
        raise InputError(f"{flag} {path}: says which trigger is meant; no update can change it.")
    if path.top[0].islower():
        how = "run, plan and retry have flags for that"
        if path.top == "target":
            how = "give each line one with jq '.target = \"NAME\"', or a table the column target"
        raise InputError(
            f"{flag} {path}: is no member of a trigger, but says how its update is sent; {how}."
        )
    return path
