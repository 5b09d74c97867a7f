"""The job ``compose``: from definitions and a wish to updates that hold only what changes.

Reads and decides; where the updates go is its caller's business. Holds no line.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import InputError
from batcher.jobs.current_triggers import CurrentTrigger
from batcher.jobs.definitions import NAMES, OURS, Definition
from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys
from batcher.operations import TRIGGER_NAMES
from batcher.records import Error
from batcher.triggers.diff import alike
from batcher.triggers.edits import Edit, edited
from batcher.updates.filter_expression import FilterError, FilterExpression
from batcher.updates.line_reader import LineReader
from batcher.updates.member_path import MemberPath, PathError, put_at, values_at
from batcher.updates.selection import Selector
from batcher.updates.violations import Violation

CurrentTriggers: TypeAlias = Mapping[TriggerKey, CurrentTrigger]


class Wish(Struct, frozen=True, kw_only=True):
    """What is wished for which triggers: those that the selector takes and ``where`` is true of.

    ``current``: triggers as they are now, where the definitions are what is wanted; None where the
    definitions are the triggers as they are now; empty where nobody knows how they are.
    """

    edits: tuple[Edit, ...] = ()
    where: FilterExpression | None = None
    selector: Selector | None = None
    current: CurrentTriggers | None = None
    unit: str = "line"  # what definitions are counted by
    is_once: bool = False  # whether each trigger is there once, as in what a tool manages


def _ignore(*told: object) -> None:
    """Nobody is told."""


class ComposeListener(Struct, frozen=True, kw_only=True):
    """Who is told: of each update, of what breaks a rule, and of a trigger that can't be so.

    The last two with the line of the definition. ``on_whole``: of each definition that is meant,
    with what was wished for it.
    """

    on_update: Callable[[dict[str, Any]], None] = _ignore
    on_violation: Callable[[int, Violation], None] = _ignore
    on_blocked: Callable[[int, str], None] = _ignore
    on_whole: Callable[[dict[str, Any]], None] = _ignore


class Composition(Struct, frozen=True, kw_only=True):
    """How many definitions there were, and what became of them.

    ``left_out``: not selected; ``unmatched``: ``where`` is not true of them; ``changed``: an update
    was made; ``unchanged``: they are so already; ``blocked``: no update can make them so;
    ``invalid``: they break a rule, or would. ``idle``: for each edit of the wish, in how many of
    those that matched it found nothing to change. ``partial``: the members that go whole into
    updates, though parts of them were given only and nobody knows the rest. ``kept``: by path, how
    many cells are empty though the trigger has a value there.
    """

    total: int
    left_out: int
    unmatched: int
    changed: int
    unchanged: int
    blocked: int
    invalid: int
    idle: list[int]
    partial: frozenset[str] = frozenset()
    kept: Mapping[str, int] = {}

    @property
    def matched(self) -> int:
        return self.changed + self.unchanged + self.blocked


def keys_of(definitions: Iterable[Definition], target: str) -> TriggerKeys:
    """Which triggers definitions are of. ``target``: of those that name none."""
    return TriggerKeys(_key(each.members, target) for each in definitions if not each.violations)


def compose_updates(
    definitions: Iterable[Definition],
    wish: Wish,
    reader: LineReader,
    listener: ComposeListener,
) -> Composition:
    """Make the updates that bring a wish about. What is not so may be told after some were made.

    Raises InputError when the definitions can't be read, and for a ``where`` that can't be
    evaluated on one of them.
    """
    composer = _Composer(wish, reader, listener)
    for definition in definitions:
        composer.add(definition)
    return composer.composition()


class _Composer:
    def __init__(self, wish: Wish, reader: LineReader, listener: ComposeListener) -> None:
        self._wish = wish
        self._reader = reader
        self._listener = listener
        self._counts = Counter[str]()
        self._idle = [0] * len(wish.edits)
        self._partial = set[str]()
        self._kept = Counter[str]()
        self._seen = TriggerKeys()  # triggers with a current state
        self._first_lines = array("Q")  # of each of them

    def composition(self) -> Composition:
        names = set(Composition.__struct_fields__) - {"idle", "partial", "kept"}
        counts = {name: self._counts[name] for name in names}
        partial = frozenset(self._partial)
        return Composition(idle=self._idle, partial=partial, kept=dict(self._kept), **counts)

    def add(self, definition: Definition) -> None:
        """Count a definition, and make its update if it is meant and something changes."""
        self._counts["total"] += 1
        line, known = definition.line, self._known(definition)
        if not self._selects(definition.members):
            self._counts["left_out"] += 1
            return None
        if isinstance(known, Error):
            return self._refuse(definition, [_unknown(known)])
        if not definition.violations and (again := self._again(definition)):
            return self._refuse(definition, [again])
        wanted, violations = self._wanted(definition, known)
        if violations:
            return self._refuse(definition, violations)
        if not self._matches(wanted, line):
            self._counts["unmatched"] += 1
        else:
            self._change(definition, known, wanted)
        return None

    def _change(
        self, definition: Definition, known: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> None:
        found = edited(wanted, self._wish.edits)
        for place in found.idle:
            self._idle[place] += 1
        if found.blocked is not None:
            self._counts["blocked"] += 1
            self._listener.on_blocked(definition.line, found.blocked)
            return
        if self._wish.current is not None and not known:
            self._partial.update(path.top for path, _ in definition.parts)
        if definition.empty and self._wish.current:
            given = definition.members  # by the template
            empty = (path for path in definition.empty if path.top not in given)
            self._kept.update(str(path) for path in empty if _has(known, path))
        kept = {name: wanted[name] for name in (*OURS, *NAMES) if name in wanted}
        changed = changed_members(known, found.after)
        if self._give(definition, kept | changed, bool(changed)):
            self._listener.on_whole(kept | dict(found.after))

    def _give(self, definition: Definition, update: dict[str, Any], is_change: bool) -> bool:
        """Hand an update on, if it changes anything; returns whether it breaks no rule."""
        if not is_change:
            self._counts["unchanged"] += 1
        elif violations := self._violations(update, definition.line):
            self._refuse(definition, violations)
            return False
        else:
            self._counts["changed"] += 1
            self._listener.on_update(update)
        return True

    def _known(self, definition: Definition) -> Mapping[str, Any] | Error:
        """The trigger as it is now, as far as anybody knows."""
        current = self._wish.current
        if current is None or definition.violations:
            return definition.members
        return current.get(_key(definition.members, self._reader.default_target), {})

    def _again(self, definition: Definition) -> Violation | None:
        """Whether a trigger was there before: its second update would undo the first."""
        if not self._wish.current and not self._wish.is_once:
            return None
        key = _key(definition.members, self._reader.default_target)
        place = self._seen.add(key)
        if place == len(self._first_lines):
            self._first_lines.append(definition.line)
        first = self._first_lines[place]
        if first == definition.line:
            return None
        why = "with --current each is there once" if self._wish.current else "leave one of them out"
        what = f"the same trigger as on {self._wish.unit} {first}; {why}"
        return Violation(path="EventTriggerName", message=what)

    def _wanted(
        self, definition: Definition, known: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], list[Violation]]:
        """The whole definition that is asked for, and the rules that it breaks."""
        wanted, path = {**known, **definition.members}, None
        if definition.violations:
            return wanted, definition.violations
        try:
            for path, value in definition.parts:
                wanted = put_at(wanted, path, value)
        except PathError as error:
            return wanted, [Violation(path=str(path), message=str(error))]
        return wanted, self._violations(wanted, definition.line)

    def _violations(self, value: Mapping[str, Any], line: int) -> list[Violation]:
        if self._reader.model.accepts(value):
            return []
        found = self._reader.from_mapping(value, line)
        return found if isinstance(found, list) else []

    def _selects(self, members: Mapping[str, Any]) -> bool:
        """Whether a definition is selected; one that names no trigger can't be left out."""
        selector, names = self._wish.selector, [members.get(name) for name in NAMES]
        target = members.get("target", self._reader.default_target)
        known = all(isinstance(name, str) for name in (*names, target))
        if selector is None or not known:
            return True
        domain, name = map(str, names)
        return selector.takes(domain, name, self._reader.target_name(str(target)))

    def _matches(self, wanted: Mapping[str, Any], line: int) -> bool:
        where = self._wish.where
        try:
            return where is None or where.matches(wanted, line)
        except FilterError as error:
            raise InputError(f"--where: {self._wish.unit} {line}: {error}.") from None

    def _refuse(self, definition: Definition, violations: list[Violation]) -> None:
        self._counts["invalid"] += 1
        for each in violations:
            path = definition.place(each.path)
            told = Violation(path=path, message=each.message)
            self._listener.on_violation(definition.line, told)


def _has(known: Mapping[str, Any], path: MemberPath) -> bool:
    return path.top not in OURS and any(True for _ in values_at(known, path.steps))


def _unknown(error: Error) -> Violation:
    """Why it is not known how a trigger is now."""
    code = "" if error.code == RESOURCE_NOT_FOUND else f"can't be read: {error.code}: "
    return Violation(path="EventTriggerName", message=f"{code}{error.message}")


def changed_members(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted members that are not so now, each whole, as an update replaces it."""
    return {
        name: value
        for name, value in wanted.items()
        if name[0].isupper() and name not in TRIGGER_NAMES
        if value is not known.get(name) and not alike(value, known.get(name))
    }


def _key(members: Mapping[str, Any], target: str) -> TriggerKey:
    return TriggerKey(members.get("target", target), *(str(members.get(name)) for name in NAMES))
