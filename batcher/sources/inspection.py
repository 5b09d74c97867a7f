"""One pass over a file of updates: is every line right, what is in it, and where does each line
begin.

Keeps 12 bytes a line (offset and number) and hashes of ids and triggers; never a line.
"""

import os
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from batcher.compact import HashMultiset, hashed
from batcher.records import Update
from batcher.sources.input_file import open_input
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation

OnFault = Callable[[int, str, str], None]
"""Told (line, path, message) of every fault."""


class LineIndex:
    """Where lines are in a file: ``line_reader`` (numbers, ascending) and ``offsets`` (bytes), 12
    bytes a line.

    ``stamp`` is the size and the time of change that the file had when it was read.
    """

    def __init__(self, stamp: tuple[int, int]) -> None:
        self.stamp = stamp
        self.lines = array("I")
        self.offsets = array("Q")

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self):,} lines>"

    def add(self, line: int, offset: int) -> None:
        self.lines.append(line)
        self.offsets.append(offset)

    def __contains__(self, line: int) -> bool:
        at = bisect_left(self.lines, line)
        return at < len(self.lines) and self.lines[at] == line

    def offset(self, line: int) -> int:
        """Raises LookupError when that line is not in the index."""
        if line not in self:
            raise LookupError(line)
        return self.offsets[bisect_left(self.lines, line)]


class TargetIndex(LineIndex):
    """The valid updates of one target: where they are, how many of each domain, of how many
    triggers.
    """

    def __init__(self, stamp: tuple[int, int]) -> None:
        super().__init__(stamp)
        self.domains: Counter[str] = Counter()
        self.triggers = 0
        self._names = HashMultiset()

    def count(self, update: Update) -> None:
        self.domains[update.domain] += 1
        self._names.add(f"{update.domain}\0{update.trigger}")

    def close(self) -> None:
        """Count the triggers, and let go of what that took."""
        self.triggers = self._names.distinct()
        self._names = HashMultiset()


def as_target(found: LineIndex) -> TargetIndex:
    """An index as that of a target whose domains and triggers were not counted."""
    index = TargetIndex(found.stamp)
    index.lines, index.offsets = found.lines, found.offsets
    return index


class LineViolation(Struct, frozen=True, kw_only=True):
    """A fault and the line that it is in."""

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return (
            f"line {self.line}: {self.path}: {self.message}"
            if self.path
            else f"line {self.line}: {self.message}"
        )


class Inspection(Struct, frozen=True, kw_only=True):
    """What was found in a file.

    ``total``: lines that are not blank; ``invalid``: those among them that break a rule;
    ``targets``: an index of the others for each target. ``violations``: the first ones in the order
    of lines; ``fault_count``: how many in all. ``size`` and ``sha256`` are of the file as it is
    stored.
    """

    total: int
    invalid: int
    faults: tuple[LineViolation, ...]
    fault_count: int
    targets: dict[str, TargetIndex]
    size: int
    sha256: str


def inspect(
    path: Path, reader: LineReader, *, show: int = 20, on_fault: OnFault | None = None
) -> Inspection:
    """Check every line of a plain, gzip or zstd file, and that no two updates have one id.

    ``on_fault`` is told of every fault: those of single lines in order, then repeated ids. Raises
    InputError when the file can't be read. Reads a second time only when ids may be repeated.
    """
    first = _Pass(path, reader, show, on_fault)
    first.read(frozenset())
    suspects = frozenset(first.ids.repeated())
    if not suspects:
        return first.found()
    second = _Pass(path, reader, show, on_fault, told=True)
    second.read(suspects)
    return second.found()


class _Pass:
    """One reading of the file. ``told``: an earlier pass has told of the faults of single lines."""

    def __init__(
        self,
        path: Path,
        reader: LineReader,
        show: int,
        on_fault: OnFault | None,
        *,
        told: bool = False,
    ) -> None:
        self.ids = HashMultiset()
        self._path = path
        self._reader = reader
        self._show = show
        self._on_fault = on_fault
        self._told = told
        self._first_lines: dict[str, int] = {}
        self._total = self._invalid = self._fault_count = 0
        self._faults: list[LineViolation] = []
        self._targets: dict[str, TargetIndex] = {}

    def read(self, suspects: frozenset[int]) -> None:
        """Go through the file; an id whose hash is among the suspects may stand there once only."""
        read = self._reader.read
        with open_input(self._path) as file:
            stamp = file_stamp(self._path)
            for line, offset, raw in file.lines():
                self._total += 1
                update = read(raw, line)
                if not isinstance(update, Update):
                    self._refuse(line, update or [], told=self._told)
                elif (
                    suspects
                    and hashed(update.id) in suspects
                    and (earlier := self._earlier(update))
                ):
                    self._refuse(line, [_repeated(earlier)], told=False)
                else:
                    self._take(update, offset, stamp)
            self._size, self._sha256 = file.digest.size, file.digest.sha256

    def found(self) -> Inspection:
        for index in self._targets.values():
            index.close()
        return Inspection(
            total=self._total,
            invalid=self._invalid,
            faults=tuple(self._faults),
            fault_count=self._fault_count,
            targets=self._targets,
            size=self._size,
            sha256=self._sha256,
        )

    def _take(self, update: Update, offset: int, stamp: tuple[int, int]) -> None:
        index = self._targets.get(update.target)
        if index is None:
            index = self._targets[update.target] = TargetIndex(stamp)
        index.add(update.line, offset)
        index.count(update)
        self.ids.add(update.id)

    def _refuse(self, line: int, faults: list[Violation], *, told: bool) -> None:
        self._invalid += 1
        self._fault_count += len(faults)
        for fault in faults:
            if len(self._faults) < self._show:
                self._faults.append(
                    LineViolation(line=line, path=fault.path, message=fault.message)
                )
            if self._on_fault is not None and not told:
                self._on_fault(line, fault.path, fault.message)

    def _earlier(self, update: Update) -> int | None:
        """The line that has had that id, if any; else this one is remembered."""
        first = self._first_lines.setdefault(update.id, update.line)
        return first if first != update.line else None


def index(path: Path, default_target: str) -> dict[str, LineIndex]:
    """Where the lines of each target begin, without a check: for a file that was inspected before.

    A line whose target can't be read counts for the default target. Raises InputError when the file
    can't be read.
    """
    named = msgspec.json.Decoder(_Named).decode
    found: dict[str, LineIndex] = {}
    with open_input(path) as file:
        stamp = file_stamp(path)
        for line, offset, raw in file.lines():
            target = default_target
            if b"target" in raw or b"\\" in raw:  # a name may be written with escapes
                target = _target(raw, named) or default_target
            if target not in found:
                found[target] = LineIndex(stamp)
            found[target].add(line, offset)
    return found


def file_stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds; (0, 0) for a file that is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


class _Named(Struct):
    target: str = ""


def _target(raw: bytes, decode: Callable[[bytes], _Named]) -> str:
    try:
        return decode(raw).target
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _repeated(earlier: int) -> Violation:
    return Violation(path="id", message=f"the same as on line {earlier}; ids must be unique")
