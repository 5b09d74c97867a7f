"""Percentiles of durations in bounded memory: a histogram whose bins grow by the same factor."""

import math
from collections import Counter

WIDTH = 0.05  # of a bin, as a part of its value: what a percentile is off by at most
_LEAST, _MOST = 1e-4, 1e7  # seconds; what lies beyond is in the first or last bin
_STEP = math.log1p(WIDTH)
_LOWEST = math.floor(math.log(_LEAST) / _STEP)


class Histogram:
    """Durations in seconds, counted; takes at most some 500 bins however many there are.

    ``longest`` is as it was added; 0.0 while there is none. ``bins``: how many by bin.
    """

    def __init__(self) -> None:
        self.count = 0
        self.longest = 0.0
        self.bins: Counter[int] = Counter()

    def __repr__(self) -> str:
        return f"<Histogram: {self.count:,} up to {self.longest:.3g} s>"

    def add(self, seconds: float) -> None:
        """Count one more duration; what is no positive number counts as the least one."""
        inside = _LEAST < seconds <= _MOST
        self.bins[math.floor(math.log(seconds) / _STEP) if inside else _edge(seconds)] += 1
        self.count += 1
        if seconds > self.longest:
            self.longest = seconds

    def merge(self, other: "Histogram") -> None:
        """Take in all that another one counted."""
        self.bins.update(other.bins)
        self.count += other.count
        self.longest = max(self.longest, other.longest)

    def percentile(self, part: float) -> float | None:
        """The duration that so much of them, from 0 to 1, took at most; None where there is none.

        Off by WIDTH at most.
        """
        left = max(1, math.ceil(part * self.count))
        for number in sorted(self.bins):
            left -= self.bins[number]
            if left <= 0:
                return min(self.longest, math.exp((number + 0.5) * _STEP))
        return None


def _edge(seconds: float) -> int:
    return math.floor(math.log(_MOST) / _STEP) if seconds > _MOST else _LOWEST
