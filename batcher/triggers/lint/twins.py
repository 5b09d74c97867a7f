"""Triggers of one domain that do the same, known by hashes: 12 bytes a trigger and line."""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from heapq import merge
from itertools import groupby, repeat

from batcher.compact import PARTITIONS, hashed


class Twins:
    """Takes in what lines make of triggers, ascending, and then says which lines are alike."""

    def __init__(self) -> None:
        self._keys = [array("Q") for _ in range(PARTITIONS)]
        self._lines = [array("I") for _ in range(PARTITIONS)]

    def __repr__(self) -> str:
        return f"<Twins: {sum(map(len, self._keys)):,} triggers>"

    def add(self, target: str, domain: str, behaviour: str, line: int) -> None:
        """Take in what a line makes of its trigger."""
        key = _key(target, domain, behaviour)
        self._keys[key % PARTITIONS].append(key)
        self._lines[key % PARTITIONS].append(line)

    def finish(self) -> None:
        """Sort what was taken in: to be done before asking for it."""
        for at, (keys, lines) in enumerate(zip(self._keys, self._lines, strict=True)):
            self._keys[at], self._lines[at] = _sorted(keys, lines)

    def groups(self) -> "Iterator[array[int]]":
        """The lines of each behaviour that comes more than once, ascending, as are the first ones.

        In the order of hashes they would come otherwise in each process.
        """
        parts = zip(self._keys, self._lines, strict=True)
        for _, at, begin in merge(*(_groups(at, *part) for at, part in enumerate(parts))):
            keys = self._keys[at]
            yield self._lines[at][begin : bisect_right(keys, keys[begin], begin)]

    def lines(self, target: str, domain: str, behaviour: str) -> list[int]:
        """The lines that make a trigger of that domain do that, ascending."""
        key = _key(target, domain, behaviour)
        keys, lines = self._keys[key % PARTITIONS], self._lines[key % PARTITIONS]
        return list(lines[bisect_left(keys, key) : bisect_right(keys, key)])


def _groups(at: int, keys: "array[int]", lines: "array[int]") -> Iterator[tuple[int, int, int]]:
    """The first line of each group, ``at``, and where it begins, by the first line."""
    begins, begin = array("I"), 0
    for _, same in groupby(keys):
        count = sum(1 for _ in same)
        if count > 1:
            begins.append(begin)
        begin += count
    begins = array("I", sorted(begins, key=lines.__getitem__))
    return ((lines[begin], at, begin) for begin in begins)


def _sorted(keys: "array[int]", lines: "array[int]") -> "tuple[array[int], array[int]]":
    """By key, and the lines of one key as they were: without a list, which takes ten times it."""
    counts, in_order, ends = Counter(keys), array("Q"), dict[int, int]()
    for key in sorted(counts):
        ends[key] = len(in_order)
        in_order.extend(repeat(key, counts[key]))
    found = array("I", [0]) * len(lines)
    for key, line in zip(keys, lines, strict=True):
        found[ends[key]] = line
        ends[key] += 1
    return in_order, found


def _key(target: str, domain: str, behaviour: str) -> int:
    return hashed(f"{target}\0{domain}\0{behaviour}")
