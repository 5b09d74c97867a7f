"""Triggers of one domain that do the same, known by hashes: 12 bytes a trigger and line."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import groupby

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
            order = sorted(range(len(keys)), key=keys.__getitem__)  # stable: by line
            self._keys[at] = array("Q", map(keys.__getitem__, order))
            self._lines[at] = array("I", map(lines.__getitem__, order))

    def groups(self) -> Iterator[list[int]]:
        """The lines of each behaviour that comes more than once, ascending."""
        for keys, lines in zip(self._keys, self._lines, strict=True):
            for _, places in groupby(range(len(keys)), key=keys.__getitem__):
                group = [lines[at] for at in places]
                if len(group) > 1:
                    yield group

    def lines(self, target: str, domain: str, behaviour: str) -> list[int]:
        """The lines that make a trigger of that domain do that, ascending."""
        key = _key(target, domain, behaviour)
        keys, lines = self._keys[key % PARTITIONS], self._lines[key % PARTITIONS]
        return list(lines[bisect_left(keys, key) : bisect_right(keys, key)])


def _key(target: str, domain: str, behaviour: str) -> int:
    return hashed(f"{target}\0{domain}\0{behaviour}")
