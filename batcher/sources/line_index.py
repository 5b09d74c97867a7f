"""Where the lines of a file begin and what is in them, by target: 8 bytes a line, never a line.

Four bytes more where lines have ids, or those of a target have gaps, and one where they have
priorities.

What an update line says is not checked here.
"""

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from batcher.compact import HashMultiset, LineNumbers, line_number, short_hash, short_hashes
from batcher.sources.by_target import split_by_target
from batcher.sources.input_file import Chunk, open_input
from batcher.sources.line_offsets import LineOffsets
from batcher.updates.json_schema import HIGHEST_PRIORITY
from batcher.updates.quick_lines import is_an_object_each

Stamp = tuple[int, int]
"""Size in bytes and time of change in nanoseconds; (0, 0) of a file that is not there."""


class LineIndex:
    """Where the lines of a target are.

    ``lines``: their numbers, ascending; ``offsets`` in bytes, and ``hashes`` of their bytes, in the
    same order, and so ``urgencies``, empty while all have the same one. ``stamp`` is the one that
    the file had when it was read. ``domains`` (updates of each) and ``triggers`` (how many) are
    empty and 0 where they were not counted. ``keeps_places``: else there are no offsets and hashes.
    """

    def __init__(self, stamp: Stamp, *, keeps_places: bool = True) -> None:
        self.stamp = stamp
        self.lines = LineNumbers()
        self.offsets = LineOffsets()
        self.hashes = array("I")
        self.urgencies = bytearray()
        self._first_urgency = 0
        self._keeps_places = keeps_places
        self.domains: Counter[str] = Counter()
        self.triggers = 0
        self._triggers_seen = HashMultiset()

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self):,} lines>"

    def add(self, line: int, offset: int, raw: bytes, urgency: int = 0) -> None:
        """Add a line, higher than those before, and its bytes."""
        self.add_all(range(line, line + 1), [offset], [short_hash(raw)], [urgency])

    def add_all(
        self,
        lines: Sequence[int],
        offsets: Sequence[int],
        hashes: Sequence[int],
        urgencies: Sequence[int],
    ) -> None:
        """Add lines, ascending and higher than those before; ``hashes``: the short ones of each."""
        if not self.lines:
            self._first_urgency = urgencies[0]
        if self.urgencies or urgencies.count(self._first_urgency) != len(urgencies):
            if not self.urgencies:
                self.urgencies.extend([self._first_urgency] * len(self.lines))
            self.urgencies.extend(urgencies)
        self.lines.extend(lines)
        if self._keeps_places:
            self.offsets.extend(offsets)
            self.hashes.extend(hashes)

    def __contains__(self, line: int) -> bool:
        return line in self.lines

    def place(self, line: int) -> int:
        """At which place in ``offsets`` and ``hashes`` a line is. Raises LookupError."""
        if (place := self.lines.place(line)) is None:
            raise LookupError(line)
        return place

    def matches(self, line: int, raw: bytes) -> bool:
        """Whether these are the bytes of a line."""
        return line in self and self.hashes[self.place(line)] == short_hash(raw)

    def urgency(self, place: int) -> int:
        """With which urgency the line at a place is taken."""
        return self.urgencies[place] if self.urgencies else self._first_urgency

    def places(self) -> Iterator[int]:
        """The places of all lines in the order in which they are taken.

        The most urgent first, those of the same urgency in the order of the file.
        """
        if not self.urgencies:
            yield from range(len(self))
            return
        for urgency in range(HIGHEST_PRIORITY, -1, -1):
            place = self.urgencies.find(urgency)
            while place >= 0:
                yield place
                place = self.urgencies.find(urgency, place + 1)

    def count(self, triggers: Sequence[tuple[str, str]]) -> None:
        """Count updates of the target. ``triggers``: domain and name of that of each."""
        self.domains.update(domain for domain, _ in triggers)
        self._triggers_seen.update(triggers)

    def finish_counting(self) -> None:
        """Count the triggers, and let go of what that took."""
        self.triggers = self._triggers_seen.distinct()
        self._triggers_seen = HashMultiset()


TOGETHER = 8192  # lines of several targets that are split among these together
_PARTS = 256  # of hashes that are looked through for equal ones, one part at a time


class LineIds:
    """The ids of lines that are not the line's own number, as hashes: 4 bytes a line, or 8."""

    def __init__(self) -> None:
        self._lines = LineNumbers()
        self._hashes = array("I")

    def __repr__(self) -> str:
        return f"<LineIds: of {len(self._lines):,} lines>"

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def lines(self) -> LineNumbers:
        """The lines that have such an id, ascending."""
        return self._lines

    @property
    def hashes(self) -> "array[int]":
        """The hashes of the ids, in the order of the lines."""
        return self._hashes

    def add(self, line: int, id: str) -> None:
        """Add the id of a line, higher than those before."""
        if id != str(line):
            self._lines.append(line)
            self._hashes.append(short_hash(id))

    def add_all(self, lines: Sequence[int], ids: Sequence[str]) -> None:
        """Add the ids of lines, ascending and higher than those before."""
        if any(map(str.isdecimal, ids)):
            for line, id in zip(lines, ids, strict=True):
                self.add(line, id)
        else:
            self._lines.extend(lines)
            self._hashes.extend(short_hashes(ids))

    def possibly_repeated(self) -> "array[int]":
        """The lines whose id may be that of another of them, too, ascending."""
        parts = [array("I") for _ in range(_PARTS)]
        add = [part.append for part in parts]
        for value in self._hashes:
            add[value % _PARTS](value)
        again = set[int]()
        for part in parts:
            if len(set(part)) < len(part):
                again.update(one for one, next in pairwise(sorted(part)) if one == next)
        places = (place for place, value in enumerate(self._hashes) if value in again)
        return array("I", map(self._lines.__getitem__, places) if again else ())

    def match_all(self, lines: Sequence[int], ids: Sequence[str]) -> bool:
        """Whether these are the ids of lines, of each its own."""
        if not self._lines:
            return [*map(str, lines)] == ids
        run, hashes = self._lines.run, self._hashes
        if run is None or min(lines) not in run or max(lines) not in run:
            return all(map(self.matches, lines, ids))
        first = run[0]
        return [hashes[line - first] for line in lines] == short_hashes(ids)

    def matches(self, line: int, id: str) -> bool:
        """Whether that is the id of a line."""
        place = self._lines.place(line)
        return id == str(line) if place is None else self._hashes[place] == short_hash(id)

    def lines_of(self, ids: Sequence[str]) -> dict[str, list[int]]:
        """Of each of these ids the lines whose it may be, in one look through all of them.

        Two may pass for one here: then an id has a line more.
        """
        found: dict[str, list[int]] = {id: [] for id in ids}
        wanted = dict[int, list[list[int]]]()
        for id, lines in found.items():
            wanted.setdefault(short_hash(id), []).append(lines)
        for place, value in enumerate(self._hashes):
            if value in wanted:
                for lines in wanted[value]:
                    lines.append(self._lines[place])
        return found


class LinesOfIds:
    """Which lines may have an id, by its hash: 5 bytes for each line whose id is a name.

    Two ids may pass for one here, so whoever asks holds what is found against the line itself.
    """

    def __init__(self, ids: LineIds) -> None:
        self._ids = ids
        count = len(ids)
        self._size = count + count // 4 + 1
        # by hash, or the next free one after that: the place of a line, from 1
        self._slots = array("I", bytes(4)) * self._size
        slots, size = self._slots, self._size
        for place, value in enumerate(ids.hashes, 1):
            slot = value % size
            while slots[slot]:
                slot = slot + 1 if slot + 1 < size else 0
            slots[slot] = place

    def __repr__(self) -> str:
        return f"<LinesOfIds: of {len(self._ids):,} lines>"

    def lines(self, id: str) -> Iterator[int]:
        """The lines whose id that may be; those whose id is a name in ascending order."""
        line = line_number(id)
        if line is not None and self._ids.lines.place(line) is None:
            yield line
        value, hashes = short_hash(id), self._ids.hashes
        slot = value % self._size
        while place := self._slots[slot]:
            if hashes[place - 1] == value:
                yield self._ids.lines[place - 1]
            slot = slot + 1 if slot + 1 < self._size else 0

    def first_of_each(self, ids: Sequence[str]) -> list[int]:
        """Of several ids the first line that ``lines`` gives, 0 where it gives none."""
        names, hashes, slots, size = self._ids.lines, self._ids.hashes, self._slots, self._size
        found = []
        for id, value in zip(ids, short_hashes(ids), strict=True):
            if id.isdecimal():
                found.append(next(self.lines(id), 0))
                continue
            slot = value % size
            while (place := slots[slot]) and hashes[place - 1] != value:
                slot = slot + 1 if slot + 1 < size else 0
            found.append(names[place - 1] if place else 0)
        return found


class LineIndexes:
    """The indexes of the targets of a file, and the ids of its lines."""

    def __init__(self, stamp: Stamp, *, keeps_places: bool = True) -> None:
        self.ids = LineIds()
        self._stamp = stamp
        self._keeps_places = keeps_places
        self._targets: dict[str, LineIndex] = {}
        self._waiting: list[list[Any]] = []  # columns of lines of several targets
        self._counted = False  # the last of these columns is of triggers

    def __repr__(self) -> str:
        return f"<LineIndexes {self.targets!r}>"

    @property
    def targets(self) -> dict[str, LineIndex]:
        """The indexes by target, with all lines that were added."""
        self._take_waiting()
        return self._targets

    def of(self, target: str) -> LineIndex:
        """The index of a target, a new one when there is none yet."""
        self._take_waiting()
        return self._index_of(target)

    def _index_of(self, target: str) -> LineIndex:
        if (index := self._targets.get(target)) is None:
            index = LineIndex(self._stamp, keeps_places=self._keeps_places)
            self._targets[target] = index
        return index

    def add_all(
        self,
        chunk: Chunk,
        targets: list[str],
        urgencies: list[int],
        triggers: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        """Add all lines of a chunk, of which none is blank. ``targets``: that of each.

        ``triggers``: domain and name of that of each, to be counted, too.
        """
        offsets, hashes = list[int](), list[int]()
        if self._keeps_places:
            offsets, raws = chunk.places()
            hashes = short_hashes(raws)
        columns: list[Sequence[Any]] = [targets, urgencies, chunk.numbers]
        columns += [offsets, hashes] if self._keeps_places else []
        columns += [] if triggers is None else [triggers]
        if (triggers is not None) is not self._counted:
            self._take_waiting()
            self._counted = triggers is not None
        self._waiting = self._waiting or [[] for _ in columns]
        for waiting, column in zip(self._waiting, columns, strict=True):
            waiting.extend(column)
        # a thousand targets have a line each in a chunk: one at a time they take thrice as long
        if len(self._waiting[0]) >= TOGETHER or targets.count(targets[0]) == len(targets):
            self._take_waiting()

    def _take_waiting(self) -> None:
        if not self._waiting:
            return
        (targets, *columns), self._waiting = self._waiting, []
        for target, (urgencies, lines, *own) in split_by_target(targets, *columns).items():
            index = self._index_of(target)
            if self._counted:
                index.count(own.pop())
            offsets, hashes = own or ([], [])
            index.add_all(lines, offsets, hashes, urgencies)

    def add_ids(self, lines: Sequence[int], ids: Sequence[str]) -> None:
        """Add the ids of lines; an empty one is that of a line that gives none."""
        if self._keeps_places and any(ids):
            self.ids.add_all(lines, [id or str(line) for line, id in zip(lines, ids, strict=True)])


class IndexedFile(Struct, frozen=True, kw_only=True, eq=False):
    """An index of a file that was checked before; ``size`` and ``sha256`` as it is stored now.

    ``left_out``: how many lines are no part of the job, and not in the index.
    """

    targets: dict[str, LineIndex]
    ids: LineIds
    size: int
    sha256: str
    left_out: int = 0


def index_lines(
    path: Path,
    default_target: str,
    selects: Callable[[bytes], bool] | None = None,
    default_priority: int = 0,
    target_name: Callable[[str], str] = str,
) -> IndexedFile:
    """Index a file without a check of its lines: for one that was checked before.

    A line whose target can't be read counts for the default target, and has the default priority.
    ``selects``: whether a line is part of the job; ``target_name``: what the target is called that
    a line means. Raises InputError when the file can't be read.
    """
    with open_input(path) as file:
        indexes = LineIndexes(file_stamp(path))
        places, left_out = _Places(indexes, default_target, default_priority, target_name), 0
        for chunk in file.chunks():
            if selects is None and places.add_all(chunk):
                continue
            for line, offset, raw in chunk.lines():
                if selects is None or selects(raw):
                    places.add(line, offset, raw)
                else:
                    left_out += 1
        size, sha256 = file.checksum.size, file.checksum.sha256
    return IndexedFile(
        targets=indexes.targets, ids=indexes.ids, size=size, sha256=sha256, left_out=left_out
    )


def file_stamp(path: Path) -> Stamp:
    """What shows that a file was changed."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


_NAMES = (b"target", b'"id"', b"priority", b"\\")


class _Named(Struct):
    id: str = ""
    target: str = ""
    priority: Any = None

    def priority_or(self, default: int) -> int:
        """The priority where it is one: a line that was skipped as invalid may say anything."""
        given = self.priority
        return given if type(given) is int and 0 <= given <= HIGHEST_PRIORITY else default


_DECODER = msgspec.json.Decoder(_Named)


def target_named(raw: bytes, default: str, name: Callable[[str], str]) -> str:
    """The target that a line is booked on, whatever else it says: the one that it names.

    ``name``: what that is called; of a line whose target can't be read it is the default one.
    """
    named = _named(raw)
    return name(named.target) if named.target else default


class _Places:
    """Where lines are that are taken as they stand."""

    def __init__(
        self, indexes: LineIndexes, target: str, priority: int, name: Callable[[str], str]
    ) -> None:
        self._indexes = indexes
        self._target = target
        self._priority = priority
        self._name = name

    def add(self, line: int, offset: int, raw: bytes) -> None:
        named = _named(raw)
        target = self._name(named.target) if named.target else self._target
        urgency = named.priority_or(self._priority)
        self._indexes.of(target).add(line, offset, raw, urgency)
        self._indexes.ids.add(line, named.id or str(line))

    def add_all(self, chunk: Chunk) -> bool:
        """Add the lines of a chunk at one stroke; False: it has lines that are to be looked at."""
        if not is_an_object_each(chunk.content, chunk.count):
            return False
        named, default = [_Named()] * chunk.count, self._priority
        if _may_name(chunk.content):
            try:
                named = _DECODER.decode_lines(chunk.content)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return False
            if len(named) != chunk.count:
                return False
        names = {name: self._name(name) for name in {each.target for each in named} if name}
        targets = [names.get(each.target, self._target) for each in named]
        urgencies = [
            default if each.priority is None else each.priority_or(default) for each in named
        ]
        self._indexes.add_all(chunk, targets, urgencies)
        self._indexes.add_ids(chunk.numbers, [each.id for each in named])
        return True


def _may_name(raw: bytes) -> bool:
    """Whether there may be a target, an id or a priority: a name may be written with escapes."""
    return any(name in raw for name in _NAMES)


def _named(raw: bytes) -> _Named:
    """What a line says of itself; nothing where it can't be read."""
    try:
        return _DECODER.decode(raw) if _may_name(raw) else _Named()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Named()
