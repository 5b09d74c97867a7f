"""Where the lines of a file begin, by target: 12 bytes a line, and never a line itself."""

import os
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from batcher.compact import HashMultiset
from batcher.records import Update
from batcher.sources.input_file import open_input

Stamp = tuple[int, int]
"""Size in bytes and time of change in nanoseconds; (0, 0) of a file that is not there."""


class LineIndex:
    """Where the lines of a target are: ``lines`` (numbers, ascending) and ``offsets`` (bytes).

    ``stamp`` is the one that the file had when it was read. ``domains`` (updates of each) and
    ``triggers`` (how many) are empty and 0 where they were not counted.
    """

    def __init__(self, stamp: Stamp) -> None:
        self.stamp = stamp
        self.lines = array("I")
        self.offsets = array("Q")
        self.domains: Counter[str] = Counter()
        self.triggers = 0
        self._triggers_seen = HashMultiset()

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self):,} lines>"

    def add(self, line: int, offset: int) -> None:
        """Add a line, higher than those before."""
        self.lines.append(line)
        self.offsets.append(offset)

    def __contains__(self, line: int) -> bool:
        at = bisect_left(self.lines, line)
        return at < len(self.lines) and self.lines[at] == line

    def offset(self, line: int) -> int:
        """Where a line begins, in bytes. Raises LookupError when it is not in the index."""
        if line not in self:
            raise LookupError(line)
        return self.offsets[bisect_left(self.lines, line)]

    def count(self, update: Update) -> None:
        """Count an update of the target."""
        self.domains[update.domain] += 1
        self._triggers_seen.add(f"{update.domain}\0{update.trigger}")

    def finish_counting(self) -> None:
        """Count the triggers, and let go of what that took."""
        self.triggers = self._triggers_seen.distinct()
        self._triggers_seen = HashMultiset()


def index_lines(path: Path, default_target: str) -> dict[str, LineIndex]:
    """Where the lines of each target begin, without a check: for a file that was checked before.

    A line whose target can't be read counts for the default target. Raises InputError when the file
    can't be read.
    """
    decode = msgspec.json.Decoder(_Named).decode
    found: dict[str, LineIndex] = {}
    with open_input(path) as file:
        stamp = file_stamp(path)
        for line, offset, raw in file.lines():
            target = default_target
            if b"target" in raw or b"\\" in raw:  # a name may be written with escapes
                target = _target(raw, decode) or default_target
            if target not in found:
                found[target] = LineIndex(stamp)
            found[target].add(line, offset)
    return found


def file_stamp(path: Path) -> Stamp:
    """What shows that a file was changed."""
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
