"""What calls prove about a token bucket: each rate and burst that could have made the answers.

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

from batcher.quota.tuning import TUNING, FeasibleTuning


class Call(NamedTuple):
    """One call: when it left and was answered, in seconds.

    ``accepted``: whether it took a token, None: not known.
    """

    sent: float
    answered: float
    accepted: bool | None


class RateInterval(Struct, frozen=True, kw_only=True):
    """The rate is from ``low`` to ``high``, most likely ``rate``, all in tokens per second.

    ``burst``: tokens at the likeliest rate; ``doubt``: how far that may be off, as a part of it.
    """

    low: float
    high: float
    rate: float
    burst: float
    doubt: float

    @property
    def alone(self) -> bool:
        """Whether the rate is the only whole number that it can be."""
        whole = self.rate == round(self.rate)
        return whole and self.high < self.rate + 1 and self.low > self.rate - 1


class _View(NamedTuple):
    """Where in its delay each call was decided: after a part of it from ``begin`` to ``end``.

    ``slack``: tokens that may have been taken besides.
    """

    begin: float
    end: float
    slack: float = 0.0


class _Step(NamedTuple):
    """A call on a path: ``time`` is when it was decided at the latest, on the low one earliest.

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


class _Explanation(NamedTuple):
    """Rates from ``low`` to ``high`` explain the answers, with a burst of ``burst`` at least."""

    paths: "_Paths"
    low: float
    high: float
    burst: float


def feasible_rates(
    calls: Sequence[Call], tuning: FeasibleTuning = TUNING.feasible, *, lateness: float = 0.0
) -> RateInterval | None:
    """What the calls prove; None: nothing, or they contradict each other.

    ``lateness``: seconds by which this process does things late, and so notes times late.

    At first every call is thought to have spent about the same part of its delay on the way there,
    but for what is noted late, which tells most. If that does not explain the answers, or a bucket
    so small that moments count, each was decided anywhere on its way; if that does not either,
    somebody else took tokens too.
    """
    outcomes = {call.accepted for call in calls}
    if not {True, False} <= outcomes:
        return None
    same = [_View(part / tuning.parts, (part + 1) / tuning.parts) for part in range(tuning.parts)]
    alike = [_View(begin, end) for begin, end in tuning.halves]
    for views in (same, alike, *([_View(0.0, 1.0, slack)] for slack in tuning.slacks)):
        found = [
            explanation
            for view in views
            if (explanation := _Paths(calls, view, tuning, lateness).explanation()) is not None
        ]
        too_small = len(views) > 1 and any(each.burst < tuning.small for each in found)
        if found and not too_small:
            return _interval(found, tuning)
    return None


def _interval(found: list[_Explanation], tuning: FeasibleTuning) -> RateInterval:
    low, high = min(each.low for each in found), max(each.high for each in found)
    rate = likeliest(low, high)
    nearest = min(found, key=lambda each: max(each.low - rate, rate - each.high))
    doubt = max(tuning.least_doubt, (high - rate) / rate, (rate - low) / rate)
    burst = nearest.paths.middle_burst(rate)
    return RateInterval(low=low, high=high, rate=rate, burst=burst, doubt=doubt)


def likeliest(low: float, high: float) -> float:
    """The middle; but AWS's quotas are whole numbers, so if one alone is in between, it is that."""
    number = float(int(high))
    return number if number >= max(1.0, low) and number - 1 < low else (low + high) / 2


class _Paths:
    """The calls as late as each may have been decided (``_high``), and as early (``_low``).

    The quickest round trip is what the way takes at least; whatever a call took longer is its
    delay.
    """

    def __init__(
        self, calls: Sequence[Call], view: _View, tuning: FeasibleTuning, lateness: float
    ) -> None:
        self._tuning = tuning
        self._largest_burst = 1.0 + len(calls)
        quickest = min(call.answered - call.sent for call in calls)
        spans = []
        for sent, answered, accepted in calls:
            delay = answered - sent - quickest
            early = max(0.0, view.begin * delay - lateness)
            late = min(delay, view.end * delay + lateness)
            spans.append((sent + early, sent + late, accepted))
        earliest = sorted(early for early, _, accepted in spans if accepted is not False)
        latest = sorted(late for _, late, accepted in spans if accepted is not False)

        def across(bisect: Callable[[list[float], float], int], time: float) -> float:
            return view.slack + bisect(earliest, time) - bisect(latest, time)

        self._high = [
            _Step(late, late - early, accepted, across(bisect_right, late))
            for early, late, accepted in sorted(spans, key=lambda s: s[1])
        ]
        self._low, decided = [], -math.inf
        for early, late, accepted in sorted(spans, key=lambda s: s[0]):
            decided = max(decided, late)
            between = bisect_left(earliest, late) - bisect_right(earliest, early)
            ahead, before = view.slack + max(0, between), across(bisect_left, early)
            step = _Step(early, late - early, accepted, before, ahead, decided - early)
            self._low.append(step)

    def explanation(self) -> _Explanation | None:
        """The rates that explain the answers with any burst; None: no rate does."""
        tuning, lowest, highest = self._tuning, cache(self._least_rate), cache(self._greatest_rate)

        def cells(*, descending: bool) -> Iterator[tuple[float, float]]:
            """Bursts close together of which one may explain the answers."""
            left = [(1.0, self._largest_burst)]
            while left:
                small, large = left.pop()
                if lowest(large) > tuning.about * highest(small):
                    continue
                if large - small < tuning.fine * small**tuning.fine_exponent:
                    yield small, large
                else:
                    middle = math.sqrt(small * large)
                    halves = [(small, middle), (middle, large)]
                    left += halves if descending else reversed(halves)

        smallest = next(cells(descending=False), None)
        largest = next(cells(descending=True), None)
        if smallest is None or largest is None:
            return None
        return _Explanation(self, lowest(largest[1]), highest(smallest[0]), smallest[0])

    def middle_burst(self, rate: float) -> float:
        """The middle of the bursts that explain the answers at that rate.

        The bucket is thought to have been full at first.
        """
        least = self._least_burst(lambda burst: self._explains_accepted(rate, burst))
        greatest = self._least_burst(
            lambda burst: not self._explains_refused(rate, burst, rate, start=burst)
        )
        return (least + greatest) / 2

    def _least_burst(self, holds: Callable[[float], bool]) -> float:
        return _least(1.0, self._largest_burst, holds, self._tuning.halvings)

    def _least_rate(self, burst: float) -> float:
        """The least rate that explains the accepted calls."""
        return self._least_where(lambda rate: self._explains_accepted(rate, burst))

    def _greatest_rate(self, burst: float) -> float:
        """The greatest rate that explains the refused calls.

        Each one found makes less unsure, and so the next one smaller.
        """
        most = self._tuning.fastest
        while True:
            refuted = self._refuted(burst, most)
            if refuted > self._tuning.same * most:
                return min(refuted, most)
            most = refuted

    def _refuted(self, burst: float, most: float) -> float:
        """The least rate that explains the refused calls no more, where none is above ``most``."""
        return self._least_where(lambda rate: not self._explains_refused(rate, burst, most))

    def _least_where(self, holds: Callable[[float], bool]) -> float:
        tuning = self._tuning
        return _least(tuning.slowest, tuning.fastest, holds, tuning.halvings)

    def _explains_accepted(self, rate: float, burst: float) -> bool:
        """Whether each accepted call can have found a token."""
        level, at, token = burst, self._high[0].time, 1 - self._tuning.rounding
        for time, unsure, accepted, across, _, _ in self._high:
            leeway = rate * unsure + across
            level, at = min(burst + leeway, level + rate * (time - at)), time
            if accepted:
                if level < token:
                    return False
                level -= 1
            elif accepted is False:
                level = min(level, 1 + leeway)
        return True

    def _explains_refused(
        self, rate: float, burst: float, most: float, *, start: float = 0.0
    ) -> bool:
        """Whether each refused call can have found no token, with ``start`` tokens at first.

        No rate is above ``most``. There are two low paths: along one all that is unsure is taken
        off at once, along the other whatever flows in meanwhile.
        """
        level = apart = start
        at = since = self._low[0].time
        token = 1 - self._tuning.rounding
        for time, unsure, accepted, across, ahead, behind in self._low:
            level, at = min(burst - most * unsure - across, level + rate * (time - at)), time
            if time > since:
                apart, since = min(burst, apart + rate * (time - since)), time
            if accepted is False:
                if max(level, apart) - ahead >= token:
                    return False
            else:
                level = max(-most * behind, level - 1)
                apart, since = max(0.0, apart - 1), max(since, time + unsure)
        return True


def _least(low: float, high: float, holds: Callable[[float], bool], halvings: int) -> float:
    """The least number from ``low`` to ``high`` for which ``holds`` is true; else ``high``.

    Where it holds for a number, it holds for every greater one.
    """
    for _ in range(halvings):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
