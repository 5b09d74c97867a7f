"""Sets of very many things in very few bytes: a bit for a line number, 8 bytes for a string."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

GROWTH = 4096  # bytes that a set of line numbers grows by at least
PARTITIONS = 64  # sorted one at a time, so that sorting needs a 64th of the memory


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

    def __contains__(self, line: int) -> bool:
        return line >> 3 < len(self._bytes) and bool(self._bytes[line >> 3] & 1 << (line & 7))

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


def short_hash(content: bytes | str) -> int:
    """A 32-bit hash of bytes or text; another one in another process, so that nobody can aim."""
    return hash(content) & 0xFFFF_FFFF


def hashed(text: str) -> int:
    """The 64-bit hash that HashMultiset keeps of a string; another one in another process."""
    return hash(text) & 0xFFFF_FFFF_FFFF_FFFF


class HashMultiset:
    """A multiset of strings, known by their hashes: two strings may rarely pass for one."""

    def __init__(self) -> None:
        self._partitions = [array("Q") for _ in range(PARTITIONS)]

    def add(self, text: str) -> None:
        value = hashed(text)
        self._partitions[value % PARTITIONS].append(value)

    def __len__(self) -> int:
        """How many were added, repeated ones included."""
        return sum(map(len, self._partitions))

    def __repr__(self) -> str:
        return f"<HashMultiset: {len(self)} added>"

    def sort(self) -> None:
        """Sort what was added: to be done before asking what is in it."""
        self._partitions = [array("Q", sorted(partition)) for partition in self._partitions]

    def __contains__(self, text: str) -> bool:
        value = hashed(text)
        partition = self._partitions[value % PARTITIONS]
        at = bisect_left(partition, value)
        return at < len(partition) and partition[at] == value

    def distinct(self) -> int:
        """How many different strings were added."""
        return len(self) - sum(1 for _ in self._again())

    def repeated(self) -> set[int]:
        """The hashes that were added more than once."""
        return set(self._again())

    def repetitions(self) -> Counter[int]:
        """How often each was added that was added more than once, by its hash."""
        found = Counter(self._again())
        for value in found:
            found[value] += 1  # the first time
        return found

    def _again(self) -> Iterator[int]:
        for partition in self._partitions:
            previous = None
            for value in sorted(partition):
                if value == previous:
                    yield value
                previous = value
