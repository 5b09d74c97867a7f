"""Where the lines of a file begin, in 4 bytes each, however large the file is."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

_BITS = 32
_LOW = (1 << _BITS) - 1


class LineOffsets:
    """Ascending offsets in bytes, a Sequence of them but for slices.

    Of each the low half is kept, and where the high half changes, at most once in 4 GiB.
    """

    def __init__(self) -> None:
        self._low = array("I")
        self._base = 0  # of the last one, without its low half
        self._places: list[int] = []  # from which on another base holds, and which
        self._bases: list[int] = []

    def append(self, offset: int) -> None:
        """Add one, higher than those before."""
        self.extend([offset])

    def extend(self, offsets: Sequence[int]) -> None:
        """Add several, ascending and higher than those before."""
        if offsets and offsets[-1] - self._base <= _LOW:  # so are all the others
            base = self._base
            self._low.extend([each - base for each in offsets] if base else offsets)
            return
        for offset in offsets:
            if offset - self._base > _LOW:
                self._base = offset & ~_LOW
                self._places.append(len(self._low))
                self._bases.append(self._base)
            self._low.append(offset - self._base)

    def __getitem__(self, place: int) -> int:
        """The offset at a place, from 0."""
        if not self._places:
            return self._low[place]
        change = bisect_right(self._places, place)
        return self._low[place] + (self._bases[change - 1] if change else 0)

    def at(self, places: Sequence[int]) -> list[int]:
        """The offsets at several places."""
        return list(map((self if self._places else self._low).__getitem__, places))

    def __iter__(self) -> Iterator[int]:
        return iter(self.at(range(len(self._low))))

    def __len__(self) -> int:
        return len(self._low)

    def __repr__(self) -> str:
        return f"<LineOffsets: {len(self):,}>"
