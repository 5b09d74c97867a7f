"""Sets of numbers as ranges: what of a number line an operator takes, or two of them both take.

A set is a tuple of ranges that are in order, apart and not empty. A range goes from one cut to
another; a cut is just below (-1) or just above (1) a number. So an end is inside or outside without
a case of its own, and moments are numbers, too: microseconds since the epoch.
"""

from collections.abc import Iterable
from math import inf
from typing import TypeAlias

Cut: TypeAlias = tuple[float, int]
Range: TypeAlias = tuple[Cut, Cut]
Ranges: TypeAlias = tuple[Range, ...]

LOWEST: Cut = (-inf, -1)
HIGHEST: Cut = (inf, 1)
EVERYTHING: Ranges = ((LOWEST, HIGHEST),)
NO_NUMBERS: Ranges = ()


def numbers_above(number: float, *, inclusive: bool = False) -> Ranges:
    """All that is greater, or equal as well."""
    return _not_empty(((number, -1 if inclusive else 1), HIGHEST))


def numbers_below(number: float, *, inclusive: bool = False) -> Ranges:
    """All that is less, or equal as well."""
    return _not_empty((LOWEST, (number, 1 if inclusive else -1)))


def numbers_between(low: float, high: float, *, inclusive: bool = True) -> Ranges:
    """All from one end to the other; nothing where the ends are reversed."""
    side = -1 if inclusive else 1
    return _not_empty(((low, side), (high, -side)))


def joined_ranges(sets: Iterable[Ranges]) -> Ranges:
    """What is in any of the sets."""
    merged: list[Range] = []
    for start, end in sorted(each for ranges in sets for each in ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def common_ranges(one: Ranges, other: Ranges) -> Ranges:
    """What is in both sets."""
    both = ((max(start, first), min(end, last)) for start, end in one for first, last in other)
    return _not_empty(*both)


def other_ranges(ranges: Ranges) -> Ranges:
    """What is not in the set."""
    starts = [LOWEST, *(end for _, end in ranges)]
    ends = [*(start for start, _ in ranges), HIGHEST]
    return _not_empty(*zip(starts, ends, strict=True))


def is_within(one: Ranges, other: Ranges) -> bool:
    """Whether all of one set is in the other."""
    return common_ranges(one, other) == one


def has_number(ranges: Ranges, number: float) -> bool:
    """Whether a number is in the set."""
    return any(start < (number, 0) < end for start, end in ranges)


def _not_empty(*ranges: Range) -> Ranges:
    return tuple(each for each in ranges if each[0] < each[1])
