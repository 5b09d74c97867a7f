"""Sets of very many things in very few bytes: a bit or 4 bytes a line number, 8 a string."""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Literal, TypeAlias, overload

PARTITIONS = 64  # sorted one at a time, so that sorting needs a 64th of the memory
STAGED = 1 << 14  # hashes that wait to be put into their partitions together
_SPARE = 1024  # lines that there is room for after the last one

_HASH_BITS = 64
_WIDTH = (1 << _HASH_BITS) // PARTITIONS  # hashes of a partition
_LOWEST = -(1 << _HASH_BITS - 1)
_EDGES = [_LOWEST + _WIDTH * number for number in range(1, PARTITIONS)]


class LineSet:
    """Line numbers, from 0: 4 bytes for each, and down to a bit where they are close together.

    They are kept in parts of 2**20 lines. A part is a bitmap up to its last line, or a list of its
    lines, ascending, where that is smaller. ``parts``: those that have lines, by their number.
    A list that was given as a view is that view until a line is added to it.
    """

    __slots__ = ("parts",)

    def __init__(self, lines: Sequence[int] = ()) -> None:
        """``lines``: those in it at first, ascending."""
        self.parts: dict[int, _Part] = {}
        begin = 0
        while begin < len(lines):
            number = lines[begin] >> _PART
            end = bisect_left(lines, number + 1 << _PART, begin)
            self.parts[number] = _part_of(lines[begin:end])
            begin = end

    def add(self, line: int) -> bool:
        """Add a line; returns whether it was not there before."""
        part = self._with_room(line)
        if isinstance(part, bytearray):
            at, bit = (line & _LAST) >> 3, 1 << (line & 7)
            if part[at] & bit:
                return False
            part[at] |= bit
            return True
        at = bisect_left(part, line)
        if at < len(part) and part[at] == line:
            return False
        part.insert(at, line)
        if _size(part[-1]) <= 2 * len(part):
            self.parts[line >> _PART] = _bitmap(part)
        return True

    def add_all(self, lines: Sequence[int]) -> bool:
        """Add lines; returns whether none of them was there before, and each was given once."""
        if not lines:
            return True
        last = max(lines)
        part = self._with_room(last)
        if not isinstance(part, bytearray) or min(lines) >> _PART != last >> _PART:
            return sum(map(self.add, lines)) == len(lines)
        again = 0
        for line in lines:
            at, bit = (line & _LAST) >> 3, 1 << (line & 7)
            again |= part[at] & bit
            part[at] |= bit
        return not again

    def _with_room(self, line: int) -> "bytearray | array[int]":
        """The part that a line is in or belongs to; where that is a bitmap, it has its bit."""
        number = line >> _PART
        part = self.parts.get(number, ())
        if not isinstance(part, (bytearray, array)):
            part = self.parts[number] = array(_type(line), part)
        if isinstance(part, array) or len(part) >= _size(line):
            return part
        if _size(line) > _at_most(_bits(part).bit_count()):
            part = self.parts[number] = array(_type(line), _lines(number, part))
        else:
            most = min(_size(line) + (len(part) >> 3) + _GROWTH, _size(_LAST))
            part.extend(bytes(most - len(part)))
        return part

    def __contains__(self, line: int) -> bool:
        part = self.parts.get(line >> _PART)
        if isinstance(part, bytearray):
            at = (line & _LAST) >> 3
            return at < len(part) and bool(part[at] & 1 << (line & 7))
        if part is None:
            return False
        at = bisect_left(part, line)
        return at < len(part) and part[at] == line

    def __iter__(self) -> Iterator[int]:
        """All lines, ascending."""
        for number in sorted(self.parts):
            yield from _lines(number, self.parts[number])

    def __len__(self) -> int:
        return sum(
            _bits(part).bit_count() if isinstance(part, bytearray) else len(part)
            for part in self.parts.values()
        )

    def __repr__(self) -> str:
        return f"<LineSet: {len(self):,} lines>"

    def union(self, others: "LineSet") -> "LineSet":
        """The lines that are here or there."""
        numbers = sorted(self.parts.keys() | others.parts.keys())
        pairs = ((self.parts.get(each), others.parts.get(each)) for each in numbers)
        parts = (_packed(n, _bits(a) | _bits(b)) for n, (a, b) in zip(numbers, pairs, strict=True))
        return _of_parts(zip(numbers, parts, strict=True))

    def both(self, others: "LineSet") -> "LineSet":
        """The lines that are here and there."""
        numbers = self.parts.keys() & others.parts.keys()
        return _of_parts((n, _both(n, self.parts[n], others.parts[n])) for n in numbers)

    def without(self, others: "LineSet") -> "LineSet":
        """The lines that are here and not there."""
        parts = self.parts.items()
        return _of_parts((n, _without(n, part, others.parts.get(n))) for n, part in parts)


_Listed: TypeAlias = "array[int] | memoryview[int]"
_Part: TypeAlias = "bytearray | _Listed"

_PART = 20
_LAST = (1 << _PART) - 1  # the last line of a part, counted from its first
_GROWTH = 16  # bytes that a bitmap grows by at least, and by an eighth
_NOT_EMPTY = re.compile(rb"[^\0]")


def _size(line: int) -> int:
    """The bytes of a bitmap up to a line."""
    return ((line & _LAST) >> 3) + 1


def _at_most(count: int) -> int:
    """The bytes that a bitmap of so many lines may have: more than a list begins with one."""
    return 4 * count + _GROWTH


def _type(line: int) -> str:
    return "Q" if line >> 32 else "I"


def _part_of(lines: Sequence[int]) -> _Part:
    """A part with those lines, ascending: what is smaller."""
    first, last = lines[0], lines[-1]
    if _size(last) > 2 * len(lines):
        return lines if isinstance(lines, memoryview) else array(_type(last), lines)
    if last - first + 1 == len(lines):  # no gap: all at one stroke
        bits = (1 << (last & _LAST) + 1) - (1 << (first & _LAST))
        return bytearray(bits.to_bytes(_size(last), "little"))
    return _bitmap(lines)


def _bitmap(lines: Sequence[int]) -> bytearray:
    """The bitmap of lines of one part, ascending."""
    held = bytearray(_size(lines[-1]) if lines else 0)
    for line in lines:
        held[(line & _LAST) >> 3] |= 1 << (line & 7)
    return held


def _bits(part: "_Part | None") -> int:
    """A part as one number: bit n is set when its n-th line is there."""
    held = part if isinstance(part, bytearray) else _bitmap(part or ())
    return int.from_bytes(held, "little")


def _packed(number: int, bits: int) -> _Part:
    """The part of that number that has those bits."""
    held = bytearray(bits.to_bytes((bits.bit_length() + 7) >> 3, "little"))
    if len(held) <= _at_most(bits.bit_count()):
        return held
    return array(_type(number << _PART), _lines(number, held))


def _lines(number: int, part: _Part) -> Iterator[int]:
    """The lines of the part of that number, ascending."""
    if not isinstance(part, bytearray):
        yield from part
        return
    begin = number << _PART
    for found in _NOT_EMPTY.finditer(bytes(part)):
        byte, at = found[0][0], begin + found.start() * 8
        yield from (at + bit for bit in range(8) if byte >> bit & 1)


def _both(number: int, own: _Part, theirs: _Part) -> _Part:
    if not isinstance(own, bytearray):
        return _chosen(own, theirs, there=True)
    if not isinstance(theirs, bytearray):
        return _chosen(theirs, own, there=True)
    return _packed(number, _bits(own) & _bits(theirs))


def _without(number: int, own: _Part, theirs: "_Part | None") -> _Part:
    if not isinstance(own, bytearray):
        return _chosen(own, theirs, there=False)
    return _packed(number, _bits(own) & ~_bits(theirs))


def _chosen(lines: _Listed, others: "_Part | None", *, there: bool) -> "array[int]":
    """The listed lines that are there, in the part of others, or that are not."""
    kind = _type(lines[-1])
    if not isinstance(others, bytearray):
        known = set(others or ())
        return array(kind, [line for line in lines if (line in known) is there])
    held = others + bytes(max(0, _size(lines[-1]) - len(others)))
    bits = ((line, held[(line & _LAST) >> 3] >> (line & 7) & 1) for line in lines)
    return array(kind, [line for line, bit in bits if bit == there])


def _of_parts(parts: Iterable[tuple[int, _Part]]) -> LineSet:
    found = LineSet()
    found.parts.update((number, part) for number, part in parts if part)
    return found


def line_number(name: str) -> int | None:
    """The line whose default id that is; None when it is none: ``007`` is a name."""
    return int(name) if name.isdecimal() and len(name) < 20 and str(int(name)) == name else None


SHORT = 0xFFFF_FFFF


def short_hash(content: bytes | str) -> int:
    """A 32-bit hash of bytes or text; another one in another process, so that nobody can aim."""
    return hash(content) & SHORT


def short_hashes(contents: Iterable[bytes | str]) -> list[int]:
    """The short hash of each, without a call for it: there are millions."""
    return [hash(content) & SHORT for content in contents]


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

    def places(self, lines: Sequence[int]) -> list[int]:
        """At which places lines are. Raises LookupError where one is none of these."""
        if self._listed is None and lines:
            first, count = self._first, self._count
            if min(lines) >= first and max(lines) < first + count:
                return [line - first for line in lines]
        found = [place for place in map(self.place, lines) if place is not None]
        if len(found) < len(lines):
            raise LookupError(lines)
        return found

    @property
    def view(self) -> "range | memoryview[int]":
        """All of them, without a copy: from then on no line can be added."""
        run = self.run
        return memoryview(self._listed or array("I")) if run is None else run

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


class NumbersByLine:
    """Numbers above 0 by line, 0 where a line has none: 4 bytes a line, of hashes 8.

    ``kind``: of the numbers, as in array.
    """

    def __init__(self, kind: Literal["I", "Q"] = "I") -> None:
        self._numbers = array(kind)

    def __repr__(self) -> str:
        return f"<NumbersByLine: {sum(map(bool, self._numbers)):,} lines>"

    def put(self, line: int, number: int) -> None:
        """Let a line have that number."""
        self._make_room(line)
        self._numbers[line] = number

    def put_all(self, lines: Sequence[int], numbers: Iterable[int]) -> None:
        """Let lines, one at least, have as many numbers."""
        self._make_room(max(lines))
        for line, number in zip(lines, numbers, strict=True):
            self._numbers[line] = number

    def of(self, line: int) -> int:
        """The number of a line; 0 where it has none."""
        return self._numbers[line] if line < len(self._numbers) else 0

    def lines(self) -> Iterator[int]:
        """The lines that have a number, ascending."""
        return (line for line, number in enumerate(self._numbers) if number)

    def _make_room(self, line: int) -> None:
        if (short := line - len(self._numbers)) >= 0:
            self._numbers.frombytes(bytes(self._numbers.itemsize * (short + _SPARE)))


class HashBalance:
    """Which of very many strings were added and not taken away again: 2 MB however many they are.

    Those whose hashes end alike are one sum: what is even was taken as often as it was added; what
    is odd may have been, and one that shares its sum was not.
    """

    def __init__(self) -> None:
        self._sums = array("Q", bytes(8)) * (_ALIKE + 1)

    def add_all(self, things: Iterable[Hashable]) -> None:
        sums = self._sums
        for value in map(hash, things):  # with one more no hash is 0: Python's are never -1
            sums[value & _ALIKE] = sums[value & _ALIKE] + value + 1 & _WHOLE

    def take_all(self, things: Iterable[Hashable]) -> None:
        """Take things away, also before they are added."""
        sums = self._sums
        for value in map(hash, things):
            sums[value & _ALIKE] = sums[value & _ALIKE] - value - 1 & _WHOLE

    @property
    def is_even(self) -> bool:
        """Whether all that was added was taken away, and nothing else was."""
        return not any(self._sums)

    def odd(self, things: Sequence[str]) -> list[str]:
        """Which of these may have been added and not taken away."""
        sums = self._sums
        return [thing for thing in things if sums[hash(thing) & _ALIKE]]

    def __repr__(self) -> str:
        return f"<HashBalance: {sum(map(bool, self._sums)):,} odd>"


_ALIKE = (1 << 18) - 1  # the end of a hash
_WHOLE = (1 << _HASH_BITS) - 1


class HashMultiset:
    """A multiset of strings or such, known by their hashes: two may rarely pass for one."""

    def __init__(self) -> None:
        # none, as long as there is nothing in them; each in parts of about one size, as one that
        # grows leaves holes in memory that fit nothing
        self._partitions: list[list[array[int]]] = []
        self._staged = array("q")

    def add(self, thing: Hashable) -> None:
        self._staged.append(hash(thing))
        if len(self._staged) >= STAGED:
            self._spread()

    def update(self, things: Iterable[Hashable]) -> None:
        """Add several."""
        self._staged.extend(map(hash, things))
        if len(self._staged) >= STAGED:
            self._spread()

    def partitions(self) -> Iterator[Iterator[int]]:
        """All hashes, in partitions: equal ones are in the same of any two multisets."""
        self._spread()
        return map(chain.from_iterable, self._partitions or [[]] * PARTITIONS)

    def _spread(self) -> None:
        """Put what waits into its partitions: each has the hashes from one edge to the next."""
        if not self._staged:
            return
        staged, self._staged = sorted(self._staged), array("q")
        if not self._partitions:
            self._partitions = [[] for _ in range(PARTITIONS)]
        cuts = [0, *(bisect_left(staged, edge) for edge in _EDGES), len(staged)]
        for partition, begin, end in zip(self._partitions, cuts, cuts[1:], strict=False):
            if begin < end:
                partition.append(array("q", staged[begin:end]))

    def __len__(self) -> int:
        """How many were added, repeated ones included."""
        return sum(len(part) for parts in self._partitions for part in parts) + len(self._staged)

    def __repr__(self) -> str:
        return f"<HashMultiset: {len(self)} added>"

    def sort(self) -> None:
        """Sort what was added: to be done before it is asked what is in it."""
        self._spread()
        for number, parts in enumerate(self._partitions):
            self._partitions[number] = [array("q", sorted(chain.from_iterable(parts)))]

    def __contains__(self, thing: Hashable) -> bool:
        if not self._partitions and not self._staged:
            return False
        value = hash(thing)
        number = (value - _LOWEST) // _WIDTH
        if self._staged or len(self._partitions[number]) != 1:
            self.sort()
        (partition,) = self._partitions[number]
        at = bisect_left(partition, value)
        return at < len(partition) and partition[at] == value

    def missing(self, others: "HashMultiset") -> set[int]:
        """The hashes that are among the others and not here, as Python's ``hash`` gives them."""
        found = set[int]()
        for own, theirs in zip(self.partitions(), others.partitions(), strict=True):
            if wanted := set(theirs):
                found |= wanted.difference(own)
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
        for partition in self.partitions():
            in_order = sorted(partition)
            for before, value in pairwise(in_order):
                if before == value:
                    yield value & 0xFFFF_FFFF_FFFF_FFFF
