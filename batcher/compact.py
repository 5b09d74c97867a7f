"""Sets of very many things in very few bytes: a bit for a line number, 8 bytes for a string."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload

GROWTH = 4096  # bytes that a set of line numbers grows by at least
PARTITIONS = 64  # sorted one at a time, so that sorting needs a 64th of the memory
STAGED = 1 << 12  # hashes that wait to be put into their partitions together

_HASH_BITS = 64
_WIDTH = (1 << _HASH_BITS) // PARTITIONS  # hashes of a partition
_LOWEST = -(1 << _HASH_BITS - 1)
_EDGES = [_LOWEST + _WIDTH * number for number in range(1, PARTITIONS)]


class LineSet:
    """Line numbers, from 0; takes an eighth of the highest one in bytes."""

    def __init__(self, lines: Sequence[int] = ()) -> None:
        """``lines``: those in it at first, ascending."""
        self._bytes = bytearray()
        if lines and lines[-1] - lines[0] + 1 == len(lines):  # no gap: a million at one stroke
            bits = (1 << lines[-1] + 1) - (1 << lines[0])
            self._bytes += bits.to_bytes((lines[-1] >> 3) + 1, "little")
            return
        for line in lines:
            self.add(line)

    def add(self, line: int) -> bool:
        """Add a line; returns whether it was not there before."""
        at, bit = line >> 3, 1 << (line & 7)
        if at >= len(self._bytes):
            self._bytes.extend(bytes(at + 1 - len(self._bytes) + GROWTH))
        if self._bytes[at] & bit:
            return False
        self._bytes[at] |= bit
        return True

    def add_all(self, lines: Sequence[int]) -> bool:
        """Add lines; returns whether none of them was there before, and each was given once."""
        if not lines:
            return True
        at = (max(lines) >> 3) + 1
        if at > len(self._bytes):
            self._bytes.extend(bytes(at - len(self._bytes) + GROWTH))
        held, again = self._bytes, 0
        for line in lines:
            bit = 1 << (line & 7)
            again |= held[line >> 3] & bit
            held[line >> 3] |= bit
        return not again

    def __contains__(self, line: int) -> bool:
        return line >> 3 < len(self._bytes) and bool(self._bytes[line >> 3] & 1 << (line & 7))

    def __iter__(self) -> Iterator[int]:
        """All lines, ascending."""
        for at, byte in enumerate(self._bytes):
            if byte:
                yield from (at * 8 + bit for bit in range(8) if byte >> bit & 1)

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __repr__(self) -> str:
        return f"<LineSet: {len(self):,} lines>"

    @property
    def bits(self) -> int:
        """All of it as one number: bit n is set when line n is there."""
        return int.from_bytes(self._bytes, "little")

    def union(self, others: "LineSet") -> "LineSet":
        """The lines that are here or there."""
        return self._of(self.bits | others.bits)

    def both(self, others: "LineSet") -> "LineSet":
        """The lines that are here and there."""
        return self._of(self.bits & others.bits)

    def without(self, others: "LineSet") -> "LineSet":
        """The lines that are here and not there."""
        return self._of(self.bits & ~others.bits)

    def _of(self, bits: int) -> "LineSet":
        found = LineSet()
        found._bytes += bits.to_bytes((bits.bit_length() + 7) >> 3, "little")
        return found


def line_number(name: str) -> int | None:
    """The line whose default id that is; None when it is none: ``007`` is a name."""
    return int(name) if name.isdecimal() and len(name) < 20 and str(int(name)) == name else None


SHORT = 0xFFFF_FFFF


def short_hash(content: bytes | str) -> int:
    """A 32-bit hash of bytes or text; another one in another process, so that nobody can aim."""
    return hash(content) & SHORT


def hashed(thing: Hashable) -> int:
    """The 64-bit hash that HashMultiset keeps of something; another one in another process."""
    return hash(thing) & 0xFFFF_FFFF_FFFF_FFFF


class LineNumbers(Sequence[int]):
    """Ascending line numbers: while there is no gap they take no memory, and then 4 bytes each."""

    def __init__(self) -> None:
        self._first = self._count = 0  # while there is no gap
        self._listed: array[int] | None = None

    def append(self, line: int) -> None:
        """Add a line, higher than those before."""
        self.extend(range(line, line + 1))

    def extend(self, lines: Sequence[int]) -> None:
        """Add lines, ascending and higher than those before."""
        if not lines:
            return
        if self._listed is None and not self._goes_on(lines):
            self._listed = array("I", range(self._first, self._first + self._count))
        if self._listed is not None:
            self._listed.extend(lines)
            return
        if not self._count:
            self._first = lines[0]
        self._count += len(lines)

    def _goes_on(self, lines: Sequence[int]) -> bool:
        """Whether there is no gap before or in them."""
        starts = not self._count or lines[0] == self._first + self._count
        return starts and lines[-1] - lines[0] + 1 == len(lines)

    def place(self, line: int) -> int | None:
        """At which place a line is; None where it is none of these."""
        if self._listed is None:
            at = line - self._first
            return at if 0 <= at < self._count else None
        at = bisect_left(self._listed, line)
        return at if at < len(self._listed) and self._listed[at] == line else None

    @property
    def run(self) -> range | None:
        """All of them, where there is no gap."""
        whole = range(self._first, self._first + self._count)
        return whole if self._listed is None else None

    def __contains__(self, line: object) -> bool:
        return isinstance(line, int) and self.place(line) is not None

    def __len__(self) -> int:
        return self._count if self._listed is None else len(self._listed)

    def __repr__(self) -> str:
        return f"<LineNumbers: {len(self):,}>"

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[int]: ...
    def __getitem__(self, at: int | slice) -> int | Sequence[int]:
        if self._listed is None:
            return range(self._first, self._first + self._count)[at]
        return self._listed[at]

    def __iter__(self) -> Iterator[int]:
        listed = self._listed
        return iter(range(self._first, self._first + self._count) if listed is None else listed)


class HashMultiset:
    """A multiset of strings or such, known by their hashes: two may rarely pass for one."""

    def __init__(self) -> None:
        self._partitions = [array("q") for _ in range(PARTITIONS)]
        self._staged: list[int] = []

    def add(self, thing: Hashable) -> None:
        self._staged.append(hash(thing))
        if len(self._staged) >= STAGED:
            self._spread()

    def update(self, things: Iterable[Hashable]) -> None:
        """Add several."""
        self._staged.extend(map(hash, things))
        if len(self._staged) >= STAGED:
            self._spread()

    def partitions(self) -> "list[array[int]]":
        """All hashes, in parts: equal ones are in the same part of any two multisets."""
        self._spread()
        return self._partitions

    def _spread(self) -> None:
        """Put what waits into its partitions: each has the hashes from one edge to the next."""
        staged, self._staged = sorted(self._staged), []
        cuts = [0, *(bisect_left(staged, edge) for edge in _EDGES), len(staged)]
        for partition, begin, end in zip(self._partitions, cuts, cuts[1:], strict=False):
            partition.fromlist(staged[begin:end])

    def __len__(self) -> int:
        """How many were added, repeated ones included."""
        return sum(map(len, self._partitions)) + len(self._staged)

    def __repr__(self) -> str:
        return f"<HashMultiset: {len(self)} added>"

    def sort(self) -> None:
        """Sort what was added: to be done before it is asked what is in it."""
        self._spread()
        for number, partition in enumerate(self._partitions):
            self._partitions[number] = array("q", sorted(partition))

    def __contains__(self, thing: Hashable) -> bool:
        if self._staged:
            self.sort()
        value = hash(thing)
        partition = self._partitions[(value - _LOWEST) // _WIDTH]
        at = bisect_left(partition, value)
        return at < len(partition) and partition[at] == value

    def missing(self, others: "HashMultiset") -> set[int]:
        """The hashes that are among the others and not here, as Python's ``hash`` gives them."""
        found = set[int]()
        for own, theirs in zip(self.partitions(), others.partitions(), strict=True):
            if theirs:
                found |= set(theirs).difference(own)
        return found

    def distinct(self) -> int:
        """How many different ones were added."""
        return len(self) - sum(1 for _ in self._again())

    def repeated(self) -> set[int]:
        """The hashes that were added more than once, as ``hashed`` gives them."""
        return set(self._again())

    def repetitions(self) -> Counter[int]:
        """How often each was added that was added more than once, by its hash."""
        found = Counter(self._again())
        for value in found:
            found[value] += 1  # the first time
        return found

    def _again(self) -> Iterator[int]:
        self._spread()
        for partition in self._partitions:
            in_order = sorted(partition)
            for before, value in pairwise(in_order):
                if before == value:
                    yield value & 0xFFFF_FFFF_FFFF_FFFF
