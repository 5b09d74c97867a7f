"""What happened when, in buckets of one length: few of them, however long it took.

No clock: moments are arguments, seconds since whatever epoch.
"""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, Self, TypeVar

POINTS = 20  # at most that a span is shared out to


class Mergeable(Protocol):
    """What a bucket holds."""

    def merge(self, other: Self) -> None:
        """Take in what a bucket beside has."""
        ...


B = TypeVar("B", bound=Mergeable)


class TimeBuckets(Generic[B]):
    """Buckets by the moment, only those in which something happened, at most ``most`` of them.

    ``width``: seconds of each, the least at first; when there are too many, two become one, and
    so on. ``make``: an empty bucket.
    """

    def __init__(self, make: Callable[[], B], *, width: float, most: int) -> None:
        self.width = width
        self._make = make
        self._most = most
        self._buckets: dict[int, B] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def __repr__(self) -> str:
        return f"<TimeBuckets: {len(self)} of {self.width:g} s>"

    def at(self, moment: float) -> B:
        """The bucket of a moment; what is put into it is to be put in before the next is asked."""
        number = int(moment // self.width)
        found = self._buckets.get(number)
        if found is None:
            found = self._buckets[number] = self._make()
            while len(self._buckets) > self._most:
                self.widen()
                found = self._buckets[int(moment // self.width)]
        return found

    def shares(self, begin: float, end: float) -> Iterator[tuple[float, B]]:
        """A span shared out evenly: parts of it, which sum up to 1, each with its bucket.

        Each bucket that it goes through gets as much as lies in it. A span that is short beside
        them is its end, and for one that goes through more than POINTS of them points in equal
        distances stand.
        """
        if (seconds := end - begin) <= self.width / 2:
            yield 1.0, self.at(end)
            return
        if seconds > POINTS * self.width:
            for number in range(POINTS):
                yield 1 / POINTS, self.at(begin + seconds * (number + 0.5) / POINTS)
            return
        at, left = begin, 1.0
        while (edge := (at // self.width + 1) * self.width) < end:
            yield (part := min(left, (edge - at) / seconds)), self.at(at)
            at, left = edge, left - part
        yield left, self.at(at)

    def widen(self) -> None:
        """Make one bucket of two."""
        before, self._buckets = self._buckets, {}
        self.width *= 2
        for number, bucket in before.items():
            if (found := self._buckets.get(number // 2)) is None:
                self._buckets[number // 2] = bucket
            else:
                found.merge(bucket)

    def in_order(self) -> Iterator[tuple[float, B]]:
        """The beginning of each bucket, and the bucket."""
        for number in sorted(self._buckets):
            yield number * self.width, self._buckets[number]
