"""The check of a whole file: is every line right, what is in it, where does each line begin.

Keeps an index of the lines and hashes of ids and triggers; never a line.
"""

from array import array
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct, field

from batcher.compact import HashMultiset, LineSet, hashed, line_number
from batcher.records import SelectedPart, Update
from batcher.sources.decompression import COMPRESSED
from batcher.sources.input_file import Chunk, open_input
from batcher.sources.input_lines import InputLines
from batcher.sources.line_index import (
    LineIds,
    LineIndex,
    LineIndexes,
    file_stamp,
    target_named,
)
from batcher.sources.line_owners import LineOwners
from batcher.sources.lines_again import open_lines_again
from batcher.updates.hint import Hint
from batcher.updates.input_hint import hint_of
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation

AT_ONCE = 64  # lines that are read again
UNKNOWN_TARGETS = 100  # names that no target has, which invalid lines are booked on
UNKNOWN_LENGTH = 255  # characters of such a name

OnViolation = Callable[[int, Violation], None]
"""Told of every violation, with its line."""

OnHint = Callable[[Hint], None]
"""Told what an input is that is not one object a line, before its violations."""


_TRIGGER = attrgetter("DomainName", "EventTriggerName")

OnUpdate = Callable[[Update], None]
"""Told of every update that breaks no rule by itself, in the order of the file."""


class Inspection(Struct, frozen=True, kw_only=True):
    """What was found in a file.

    ``total``: lines that are not blank; ``invalid``: those among them that break a rule
    (``invalid_of``, by the target that they are booked on: the one that they name, also where
    there is none, but of such names the first 100; else the default one), ``violations``: in all;
    ``targets``: an index of the others for each target, and their ``ids``. ``size`` and ``sha256``
    are of the file as it is stored. ``part``: what of it is part of the job, so that all the other
    members are of that only; ``unmatched``: in words, what of the selection no line had.
    """

    total: int
    invalid: int
    violations: int
    targets: dict[str, LineIndex]
    size: int
    sha256: str
    ids: LineIds = field(default_factory=LineIds)
    invalid_of: dict[str, LineSet] = {}
    part: SelectedPart | None = None
    unmatched: list[str] = []

    @property
    def in_file(self) -> int:
        """Lines that are not blank, those included that are no part of the job."""
        return self.total if self.part is None else self.part.of

    @property
    def nothing(self) -> str:
        """In words, that there are no updates, and what there is."""
        if self.part is not None and self.part.left_out:
            out = f"all {self.part.left_out:,} updates in it are left out"
            return f"nothing to do: {out} by {self.part.by}"
        there = "it has only blank lines" if self.size else "it is empty (0 bytes)"
        return f"no updates in it; nothing to do: {there}"

    @property
    def invalid_lines(self) -> LineSet:
        """The lines that break a rule, of whichever target."""
        return reduce(LineSet.union, self.invalid_of.values(), LineSet())

    def lines(self) -> InputLines:
        """The lines, for records of them to be held against."""
        return InputLines(self.targets, self.ids, self.invalid_lines if self.invalid else None)


def inspect(
    path: Path,
    reader: LineReader,
    *,
    on_violation: OnViolation | None = None,
    on_hint: OnHint | None = None,
    on_update: OnUpdate | None = None,
    keeps_places: bool = True,
) -> Inspection:
    """Check every line of a plain, gzip or zstd file, and that no two updates have one id.

    ``on_violation`` is told of those of single lines in order, then of repeated ids; ``on_hint``
    before them, where lines are wrong because the file is something else; ``on_update`` of each
    update, also where its id is a repeated one. ``keeps_places``: else lines are only counted, and
    can't be found again. Raises InputError when the file can't be read. Reads a second time only
    when ids may be repeated.
    """
    tell = on_violation or _ignore
    first = _Pass(path, reader, keeps_places, of_line=tell, on_hint=on_hint, on_update=on_update)
    first.read(frozenset())
    suspects = first.repeated_ids()
    if not suspects:
        return first.found()
    second = _Pass(path, reader, keeps_places, of_line=_ignore, of_id=tell)
    second.read(suspects)
    return second.found()


def selected_part(reader: LineReader, left_out: int, selected: int) -> SelectedPart | None:
    """What is part of the job, where that is not all."""
    if reader.selector is None:
        return None
    by = str(reader.selector.selection)
    return SelectedPart(by=by, left_out=left_out, of=left_out + selected)


def _ignore(line: int, violation: Violation) -> None:
    """Nobody is told."""


class _Ids:
    """The ids of updates, to find those that may be repeated.

    ``keeps_names``: 8 bytes for each that is a name; else such names are not looked at.
    """

    def __init__(self, *, keeps_names: bool) -> None:
        self._keeps_names = keeps_names
        self._names = HashMultiset()
        self._looks = array("Q")  # names that are the numbers of other lines
        self._numbers = LineSet()  # lines whose number is their id

    def add(self, line: int, id: str) -> None:
        if (number := line_number(id)) == line:
            self._numbers.add(line)
            return
        if self._keeps_names:
            self._names.add(id)
        if number is not None:
            self._looks.append(number)

    def add_all(self, lines: Sequence[int], ids: Sequence[str]) -> None:
        """Add the ids of lines; an empty one is that of a line that gives none."""
        if not any(ids):
            self._numbers.add_all(lines)
        elif all(ids) and not any(map(str.isdecimal, ids)):
            if self._keeps_names:
                self._names.update(ids)
        else:
            for line, id in zip(lines, ids, strict=True):
                self.add(line, id or str(line))

    def may_be_repeated(self) -> frozenset[int]:
        """The hashes of the ids that may be."""
        numbers = (number for number in self._looks if number in self._numbers)
        return frozenset(self._names.repeated()).union(hashed(str(number)) for number in numbers)


class _Pass:
    """One reading of the file; whom to tell of violations of single lines, and of repeated ids."""

    def __init__(
        self,
        path: Path,
        reader: LineReader,
        keeps_places: bool,
        *,
        of_line: OnViolation,
        of_id: OnViolation = _ignore,
        on_hint: OnHint | None = None,
        on_update: OnUpdate | None = None,
    ) -> None:
        # those of lines that can be read again are looked for among the indexed ones
        self._finds_names = keeps_places and path.suffix not in COMPRESSED
        self._ids = _Ids(keeps_names=not self._finds_names)
        self._path = path
        self._keeps_places = keeps_places
        self._reader = reader
        self._of_line, self._of_id, self._on_hint = of_line, of_id, on_hint
        self._on_update = on_update
        self._line_of_id: dict[str, int] = {}
        self._total = self._invalid = self._violations = self._left_out = 0
        self._invalid_of: dict[str, LineSet] = {}
        self._unknown_targets: set[str] = set()

    def read(self, suspects: frozenset[int]) -> None:
        """Go through the file; an id whose hash is among the suspects may stand there once only."""
        is_plain = not suspects and self._on_update is None
        with open_input(self._path) as file:
            self._indexes = LineIndexes(file_stamp(self._path), keeps_places=self._keeps_places)
            for chunk in file.chunks():
                quick = None
                if is_plain:
                    quick = self._reader.read_quickly(chunk.content, chunk.count)
                if quick is not None:
                    self._take_all(chunk, quick)
                    continue
                for line, offset, raw in chunk.lines():
                    self._read_one(line, offset, raw, file.head, suspects)
            self._size, self._sha256 = file.checksum.size, file.checksum.sha256
        for index in self._indexes.targets.values():
            index.finish_counting()

    def _read_one(
        self, line: int, offset: int, raw: bytes, head: bytes, suspects: frozenset[int]
    ) -> None:
        if self._reader.selector is not None and not self._reader.selects(raw):
            self._left_out += 1
            return
        self._total += 1
        update = self._reader.read(raw, line)
        if not isinstance(update, Update):
            self._tell_hint(head)
            self._refuse(line, raw, update or [], self._of_line)
        elif suspects and hashed(update.id) in suspects and (again := self._repeated(update)):
            self._refuse(line, raw, [again], self._of_id)
        else:
            self._take(update, offset, raw)

    def repeated_ids(self) -> frozenset[int]:
        """The hashes of the ids that may be repeated."""
        found = self._ids.may_be_repeated()
        return found.union(self._repeated_names()) if self._finds_names else found

    def _repeated_names(self) -> set[int]:
        names, rest = HashMultiset(), iter(self._indexes.ids.possibly_repeated())
        owners = LineOwners(self._indexes.targets.values())
        with open_lines_again(self._path, owners, self._reader) as again:
            while lines := list(islice(rest, AT_ONCE)):
                again.read_ahead(lines)
                names.update([each.id for each in map(again.update, lines) if each is not None])
        return names.repeated()

    def found(self) -> Inspection:
        return Inspection(
            total=self._total,
            invalid=self._invalid,
            violations=self._violations,
            targets=self._indexes.targets,
            size=self._size,
            sha256=self._sha256,
            ids=self._indexes.ids,
            invalid_of=self._invalid_of,
            part=selected_part(self._reader, self._left_out, self._total),
            unmatched=self._reader.selector.unmatched() if self._reader.selector else [],
        )

    def _take(self, update: Update, offset: int, raw: bytes) -> None:
        index = self._indexes.of(update.target)
        index.add(update.line, offset, raw, update.urgency)
        index.count([(update.domain, update.trigger)])
        self._indexes.add_ids([update.line], [update.id])
        self._ids.add(update.line, update.id)
        if self._on_update is not None:
            self._on_update(update)

    def _take_all(self, chunk: Chunk, found: list[Any]) -> None:
        """Take in the lines of a chunk, all of which were read quickly."""
        self._total += chunk.count
        targets, triggers = self._reader.targets_of(found), list(map(_TRIGGER, found))
        self._indexes.add_all(chunk, targets, self._reader.urgencies_of(found), triggers)
        ids = ["" if each.id is UNSET else each.id for each in found]
        self._indexes.add_ids(chunk.numbers, ids)
        self._ids.add_all(chunk.numbers, ids)

    def _tell_hint(self, head: bytes) -> None:
        """Before the first violation: what the input is."""
        if self._on_hint is not None and (hint := hint_of(head, self._reader.model)) is not None:
            self._on_hint(hint)
        self._on_hint = None

    def _refuse(
        self, line: int, raw: bytes, violations: list[Violation], tell: OnViolation
    ) -> None:
        self._invalid += 1
        self._invalid_of.setdefault(self._booked_on(raw), LineSet()).add(line)
        self._violations += len(violations)
        for violation in violations:
            tell(line, violation)

    def _booked_on(self, raw: bytes) -> str:
        """The target of an invalid line, of the many names that a file may make up the first."""
        reader, unknown = self._reader, self._unknown_targets
        target = target_named(raw, reader.default_target, reader.target_name)
        if reader.has_target(target) or target in unknown:
            return target
        if len(unknown) == UNKNOWN_TARGETS or len(target) > UNKNOWN_LENGTH:
            return reader.default_target
        unknown.add(target)
        return target

    def _repeated(self, update: Update) -> Violation | None:
        """Whether a line before has had that id; if none, this line is remembered."""
        first = self._line_of_id.setdefault(update.id, update.line)
        if first == update.line:
            return None
        return Violation(path="id", message=f"the same as on line {first}; ids must be unique")
