"""Which lines set the same member of one trigger, known by hashes: 17 bytes a member and line.

It is given the lines of triggers that come more than once only.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from batcher.compact import PARTITIONS, hashed
from batcher.operations import TRIGGER_NAMES
from batcher.records import Update
from batcher.triggers.diff import digest
from batcher.triggers.lint.line_rules import EarlierValue

_PART = 16  # bits of a line, whose others say with which it is sorted
_SAME = 128  # the highest bit of a byte; the others are the number of a member


class SetMembers:
    """What lines set: added ascending for each trigger, then finished, then asked for."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._keys = [array("Q") for _ in range(PARTITIONS)]  # of a member of a trigger
        self._entries = [array("Q") for _ in range(PARTITIONS)]  # its line, and a hash of its value
        self._members = [bytearray() for _ in range(PARTITIONS)]
        self._lines, self._before, self._which = array("I"), array("I"), bytearray()

    def __repr__(self) -> str:
        return f"<SetMembers: {len(self._lines):,} set before>"

    def add(self, update: Update) -> None:
        """Take in a line, higher than those of its trigger before."""
        for member, value in _settings(update.request):
            key = hashed(f"{update.target}\0{update.domain}\0{update.trigger}\0{member}")
            at = key % PARTITIONS
            self._keys[at].append(key)
            self._entries[at].append(update.line << 32 | _value_hash(member, value))
            self._members[at].append(self._number(member))

    def finish(self) -> None:
        """Find what was set before, and let go of the rest."""
        # sorted in parts: a list of all takes ten times the memory
        parts: defaultdict[int, tuple[array[int], bytearray]]
        parts = defaultdict(lambda: (array("Q"), bytearray()))
        for line, before, member in self._repeated():
            pairs, which = parts[line >> _PART]
            pairs.append(line << 32 | before)
            which.append(member)
        self._keys, self._entries, self._members = [], [], []
        for number in sorted(parts):
            for pair, member in sorted(zip(*parts.pop(number), strict=True)):
                self._lines.append(pair >> 32)
                self._before.append(pair & 0xFFFF_FFFF)
                self._which.append(member)

    def __bool__(self) -> bool:
        """Whether any line sets what an earlier one has set."""
        return bool(self._lines)

    def __contains__(self, line: int) -> bool:
        """Whether a line sets what an earlier one has set."""
        at = bisect_left(self._lines, line)
        return at < len(self._lines) and self._lines[at] == line

    def earlier(self, line: int) -> list[EarlierValue]:
        """The members of a line that earlier ones have set, with the last line that did."""
        places = range(bisect_left(self._lines, line), bisect_right(self._lines, line))
        return [
            EarlierValue(
                member=self._names[self._which[at] % _SAME],
                line=self._before[at],
                same=self._which[at] >= _SAME,
            )
            for at in places
        ]

    def _number(self, member: str) -> int:
        if member not in self._names:
            self._names.append(member)
        return self._names.index(member)

    def _repeated(self) -> Iterator[tuple[int, int, int]]:
        """Of each line but the first that sets a member: itself, the one before, the member."""
        for keys, entries, members in zip(self._keys, self._entries, self._members, strict=True):
            last = dict[int, int]()
            for key, entry, member in zip(keys, entries, members, strict=True):
                if (before := last.get(key)) is not None:
                    same = _SAME if (before ^ entry) & 0xFFFF_FFFF == 0 else 0
                    yield entry >> 32, before >> 32, member | same
                last[key] = entry


def _settings(request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in request.items() if name not in TRIGGER_NAMES)


def _value_hash(member: str, value: Any) -> int:
    """32 bits that are the same for all values that count as the same."""
    return int(digest({member: value}, dict)[:8], 16)
