"""Between which rates the answers of a run leave the quota: what its ± is made of.

Counting only. How fast to send is decided in ``estimator`` by the likeliest rate; what is stated
and remembered must hold the truth as well, whatever ran over unnoticed and however late calls left.

From a throttle on, no more can be accepted than flows in, and a token: that is the least rate. Up
to a throttle no less was accepted than flowed in, less a token, since the throttle before or, where
the bucket was full in between, since then; but then a whole burst went with it. That is the
greatest rate, and it needs no guess at when the bucket was full. Where it was not full since the
throttle before, what was so until that one goes on until the newest: two throttles in succession
say more than either.
"""

import math
from collections import deque
from typing import NamedTuple

from msgspec import Struct

from batcher.quota.throttle_log import ThrottleLog
from batcher.quota.tuning import TUNING, BoundsTuning


class _Moment(Struct, frozen=True, gc=False):
    """When the request of that number was decided, as is thought."""

    number: int
    time: float


class _Window(NamedTuple):
    """What was taken at most until a throttle, within so many seconds before it.

    ``unsure``: tokens less that it may be.
    """

    taken: float
    unsure: float
    seconds: float


class _Cycle(NamedTuple):
    """Calls until a throttle, and the throttle before them; None: there was none."""

    before: _Moment | None
    calls: list[_Moment]


class RateBounds:
    """The least and the greatest rate that explain what was accepted and refused.

    ``error``: seconds by which a call may be decided earlier or later than is thought; ``rate``:
    the likeliest per second. A rate that is far above it is not told from any other: math.inf.
    """

    def __init__(self, log: ThrottleLog, tuning: BoundsTuning = TUNING.bounds) -> None:
        self._log, self._tuning = log, tuning
        self._low, self._high = 0.0, math.inf  # of all throttles but the newest
        self._newest: _Moment | None = None
        self._spaced: list[_Moment] = []  # since the newest throttle, ever further apart
        self._next_spaced = 0.0  # from that number on the next one is to be kept there
        self._last = deque[_Moment](maxlen=tuning.last_samples)  # of all, the newest
        self._cycles: list[_Cycle] = []  # until the newest and until that before
        self._first: list[_Window] = []  # until the first throttle: what a full bucket held

    def sent(self, number: int, time: float) -> None:
        """Note when a request is thought to be decided."""
        moment = _Moment(number, time)
        if number >= self._next_spaced:
            self._space([*self._spaced, moment])
        self._last.append(moment)

    def _space(self, spaced: list[_Moment]) -> None:
        """Keep these, and the next one as far from them as is due."""
        self._spaced, first = spaced, spaced[0].number if spaced else 0
        self._next_spaced = first + self._tuning.sample_spacing ** len(spaced) - 1

    def throttled(self, number: int, time: float, *, rate: float, error: float) -> None:
        """Note the first throttle of an event."""
        self._low, self._high = self.bounds(rate, error)
        if self._newest is not None and self._cycles[-1].before is None:
            self._first = [self._window(start) for start in self._cycles[-1].calls]  # all answered
        calls = [m for m in (*self._spaced, *self._last) if m.number < number]
        later = [m for m in self._last if m.number >= number]
        self._cycles = [*self._cycles[-1:], _Cycle(self._newest, calls)]
        self._newest = _Moment(number, time)
        self._space(later[:1])
        self._last = deque(later, maxlen=self._last.maxlen)

    def bounds(self, rate: float, error: float) -> tuple[float, float]:
        """From where to where; what older throttles say counts where it agrees with the newest."""
        if self._newest is None:
            return 0.0, math.inf
        low, high = self._least(error), self._greatest(rate, error, len(self._cycles))
        if low > high:  # the quota may have changed at the throttle before
            high = self._greatest(rate, error, 1)
        if low > high:
            return 0.0, math.inf
        if low > self._high or high < self._low:  # the quota has changed, or one of them is wrong
            return min(low, self._low), max(high, self._high)
        return max(low, self._low), min(high, self._high)

    def _least(self, error: float) -> float:
        assert self._newest is not None
        ends = [(self._newest, self._last[-1])] if self._last else []
        if (before := self._cycles[-1].before) is not None:
            ends.append((before, self._newest))
        least = 0.0
        for start, end in ends:
            taken, unsure = self._log.count(start.number, end.number)
            if (seconds := end.time - start.time) > 0:
                least = max(least, (taken - unsure - 1) / (seconds + error))
        return least

    def _greatest(self, rate: float, error: float, cycles: int) -> float:
        windows = [
            (cycle.before and self._window(cycle.before), [self._window(c) for c in cycle.calls])
            for cycle in self._cycles[-cycles:]
        ]
        high = most = self._tuning.at_most * rate
        for _ in range(self._tuning.rounds):
            held, greatest = self._held(high, error), math.inf
            for before, calls in windows:
                never_full = min(greatest, _greatest_rate(before, 0.0, error)) if before else 0.0
                fastest = max((_greatest_rate(each, held, error) for each in calls), default=most)
                greatest = max(fastest, never_full)
            high = min(high, greatest)
        return high if high < most else math.inf

    def _held(self, rate: float, error: float) -> float:
        """Tokens that a full bucket holds at least, if that is the rate."""
        beyond = (w.taken - 2 * w.unsure - rate * (w.seconds + error) for w in self._first)
        return max(1.0, *beyond) if self._first else 1.0

    def _window(self, start: _Moment) -> _Window:
        assert self._newest is not None
        taken, unsure = self._log.count(start.number, self._newest.number)
        return _Window(taken + unsure, unsure, self._newest.time - start.time)


def _greatest_rate(window: _Window, held: float, error: float) -> float:
    """The greatest rate if the bucket held so much at the beginning of a window."""
    if window.taken + 1 <= held:
        return 0.0
    seconds = window.seconds - error
    return (window.taken + 1 - held) / seconds if seconds > 0 else math.inf
