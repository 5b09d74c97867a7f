"""What a series of calls proves about a token bucket: every rate and burst under which all the
answers could have come about.

Arithmetic on times that have passed. Nothing is assumed about how full the bucket was in between:
what may have run over is reckoned with, so that the interval of rates is as wide as the calls leave
it. When they leave is decided in ``probe``.

Under a rate and a burst the level of the bucket lies between two paths: a high one, along which
each accepted call has to find a token, and a low one, along which each refused call must find none.
Both rise with the rate and with the burst. So for each burst the accepted calls give the least rate
and the refused ones the greatest, and both fall as the burst grows.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from msgspec import Struct

PARTS = 8  # of a delay, as to how much of it was before the decision
HALVES = ((0.0, 0.5), (0.25, 0.75), (0.5, 1.0))  # the same, less exactly
# tokens that somebody else may have taken meanwhile, or that a stray throttle did not see
SLACKS = (0.0, 1.0, 3.0, 9.0)
SMALL = 2.0  # tokens: such a bucket runs over between two calls, and it matters when
FINE = 0.01  # tokens: bursts near 1 are told apart that far, larger ones less
ABOUT = 1.001  # more than halving leaves open
HALVINGS = 17  # of a range of a million, as a logarithm: to 0.01 %
SLOWEST, FASTEST = 0.01, 1e4  # per second; calls can't measure a quota beyond
LEAST_DOUBT = 0.02  # a busy event loop notes times a few milliseconds off
ROUNDING = 1e-9  # tokens


class Call(NamedTuple):
    """One call: when it left and was answered, in seconds; ``accepted``: whether it took a
    token, None: not known.
    """

    sent: float
    answered: float
    accepted: bool | None


class RateInterval(Struct, frozen=True, kw_only=True):
    """The rate is from ``low`` to ``high`` (tokens per second), most likely ``rate``, and then
    the burst ``burst`` tokens.
    """

    low: float
    high: float
    rate: float
    burst: float

    @property
    def doubt(self) -> float:
        """How far the rate may be off, as a part of it."""
        return max(
            LEAST_DOUBT, (self.high - self.rate) / self.rate, (self.rate - self.low) / self.rate
        )

    @property
    def alone(self) -> bool:
        """Whether the rate is the only whole number that it can be."""
        return (
            self.rate == round(self.rate) and self.high < self.rate + 1 and self.low > self.rate - 1
        )


class _Seen(NamedTuple):
    """A call on a path: at ``time``, when it was decided at the latest (high path) or earliest (low
    path).

    ``unsure``: seconds between the two; ``across``: tokens taken on the one side of it that may
    have been on the other; ``ahead``: tokens taken after it that may have been before; ``behind``:
    seconds until all before it were decided.
    """

    time: float
    unsure: float
    accepted: bool | None
    across: float
    ahead: float = 0.0
    behind: float = 0.0


class _Paths(NamedTuple):
    high: list[_Seen]
    low: list[_Seen]


class _Explanation(NamedTuple):
    """From ``low`` to ``high`` there are rates that explain the answers, with ``burst`` at
    least.
    """

    paths: _Paths
    low: float
    high: float
    burst: float


def feasible_rates(calls: Sequence[Call]) -> RateInterval | None:
    """What the calls prove; None: nothing, or they contradict each other.

    At first every call is thought to have spent about the same part of its delay on the way there,
    which tells most. If that does not explain the answers, or a bucket so small that moments count,
    each was decided anywhere on its way; if that does not either, somebody else took tokens too.
    """
    if not any(call.accepted is False for call in calls) or not any(
        call.accepted for call in calls
    ):
        return None
    same = [(part / PARTS, (part + 1) / PARTS, 0.0) for part in range(PARTS)]
    alike = [(*part, 0.0) for part in HALVES]
    for view in (same, alike, *([(0.0, 1.0, slack)] for slack in SLACKS)):
        found = [
            answer
            for way in view
            if (answer := _explanation(_paths(calls, *way), 1.0 + len(calls))) is not None
        ]
        if not found or (len(view) > 1 and min(answer.burst for answer in found) < SMALL):
            continue
        low, high = min(answer.low for answer in found), max(answer.high for answer in found)
        rate = likeliest(low, high)
        nearest = min(found, key=lambda answer: max(answer.low - rate, rate - answer.high))
        return RateInterval(
            low=low, high=high, rate=rate, burst=_burst(nearest.paths, rate, 1.0 + len(calls))
        )
    return None


def likeliest(low: float, high: float) -> float:
    """The middle; but AWS's quotas are whole numbers, so if one alone is in between, it is that."""
    number = float(int(high))
    return number if number >= max(1.0, low) and number - 1 < low else (low + high) / 2


def _explanation(paths: _Paths, most: float) -> _Explanation | None:
    """The rates that explain the answers, with any burst up to ``most``, which never ran over;
    None: no rate does.
    """

    @cache
    def lowest(burst: float) -> float:
        return _least(lambda rate: _explains_accepted(paths.high, rate, burst))

    @cache
    def highest(burst: float) -> float:
        return _greatest(paths.low, burst)

    def cells(*, descending: bool) -> Iterator[tuple[float, float]]:
        """Bursts close together of which one may explain the answers."""
        left = [(1.0, most)]
        while left:
            small, large = left.pop()
            if lowest(large) > ABOUT * highest(small):
                continue
            if large - small < FINE * small**1.5:
                yield small, large
            else:
                middle = math.sqrt(small * large)
                halves = [(small, middle), (middle, large)]
                left += halves if descending else reversed(halves)

    smallest = next(cells(descending=False), None)
    largest = next(cells(descending=True), None)
    if smallest is None or largest is None:
        return None
    return _Explanation(paths, lowest(largest[1]), highest(smallest[0]), smallest[0])


def _burst(paths: _Paths, rate: float, most: float) -> float:
    """The middle of the bursts that explain the answers at that rate, if the bucket was full at
    first.
    """
    least = _halved(1.0, most, lambda burst: _explains_accepted(paths.high, rate, burst))
    return (
        least
        + _halved(
            1.0,
            most,
            lambda burst: not _explains_refused(paths.low, rate, burst, rate, start=burst),
        )
    ) / 2


def _paths(calls: Sequence[Call], begin: float, end: float, slack: float) -> _Paths:
    """The calls as late as each may have been decided, and as early.

    The quickest round trip is what the way takes at least. Whatever a call took longer is its
    delay, and it was decided after a part of it from ``begin`` to ``end``.
    """
    quickest = min(call.answered - call.sent for call in calls)
    spans = []
    for sent, answered, accepted in calls:
        delay = answered - sent - quickest
        spans.append((sent + begin * delay, sent + end * delay, accepted))
    earliest = sorted(early for early, _, accepted in spans if accepted is not False)
    latest = sorted(late for _, late, accepted in spans if accepted is not False)

    def across(bisect: Callable[[list[float], float], int], time: float) -> float:
        return slack + bisect(earliest, time) - bisect(latest, time)

    high = [
        _Seen(late, late - early, accepted, across(bisect_right, late))
        for early, late, accepted in sorted(spans, key=lambda s: s[1])
    ]
    low, decided = [], -math.inf
    for early, late, accepted in sorted(spans, key=lambda s: s[0]):
        decided = max(decided, late)
        ahead = slack + max(0, bisect_left(earliest, late) - bisect_right(earliest, early))
        low.append(
            _Seen(early, late - early, accepted, across(bisect_left, early), ahead, decided - early)
        )
    return _Paths(high, low)


def _halved(low: float, high: float, holds: Callable[[float], bool]) -> float:
    """The least number from ``low`` to ``high`` for which it holds, as it then does for every
    greater one; else ``high``.
    """
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _least(holds: Callable[[float], bool]) -> float:
    return _halved(SLOWEST, FASTEST, holds)


def _greatest(path: list[_Seen], burst: float) -> float:
    """The greatest rate that explains the refused calls.

    Each one found makes less unsure, and so the next one smaller.
    """
    most = FASTEST
    while True:
        found = _least(lambda rate, most=most: not _explains_refused(path, rate, burst, most))  # type: ignore[misc]
        if found > 0.99 * most:
            return min(found, most)
        most = found


def _explains_accepted(path: list[_Seen], rate: float, burst: float) -> bool:
    """Whether each accepted call can have found a token."""
    level, at = burst, path[0].time
    for time, unsure, accepted, across, _, _ in path:
        leeway = rate * unsure + across
        level, at = min(burst + leeway, level + rate * (time - at)), time
        if accepted:
            if level < 1 - ROUNDING:
                return False
            level -= 1
        elif accepted is False:
            level = min(level, 1 + leeway)
    return True


def _explains_refused(
    path: list[_Seen], rate: float, burst: float, most: float, *, start: float = 0.0
) -> bool:
    """Whether each refused call can have found no token, where no rate is above ``most`` and it
    held ``start`` at first.

    There are two low paths: along one all that is unsure is taken off at once, along the other
    whatever flows in meanwhile.
    """
    level = apart = start
    at = since = path[0].time
    for time, unsure, accepted, across, ahead, behind in path:
        level, at = min(burst - most * unsure - across, level + rate * (time - at)), time
        if time > since:
            apart, since = min(burst, apart + rate * (time - since)), time
        if accepted is False:
            if max(level, apart) - ahead >= 1 - ROUNDING:
                return False
        else:
            level = max(-most * behind, level - 1)
            apart, since = max(0.0, apart - 1), max(since, time + unsure)
    return True
