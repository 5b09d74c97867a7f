"""A model of a token bucket that somebody else keeps: what it should hold now.

Arithmetic on times and counts only. What throttles prove is counted in ``throttle_log``; how fast
to send is decided in ``estimator``. Times are seconds, rates tokens per second.
"""

import math

from batcher.quota.tuning import TUNING, BucketTuning


class Latency:
    """The time from send to answer, over the last answers.

    ``mean`` in seconds, and ``newest``; ``spread``: its mean deviation, in seconds too.
    """

    def __init__(self, tuning: BucketTuning = TUNING.bucket) -> None:
        self.mean = 0.0
        self.newest = 0.0
        self.spread = 0.0
        self._most_weight = tuning.latency_answers
        self._weight = 0

    @property
    def answers(self) -> int:
        """How many it is of."""
        return self._weight

    def add(self, seconds: float) -> None:
        """Average in one answer's time."""
        if self._weight < self._most_weight:
            self._weight += 1
        self.newest, weight = seconds, self._weight
        error = seconds - self.mean
        self.mean += error / weight
        if weight > 1:
            self.spread += (abs(error) - self.spread) / (weight - 1)

    def lateness(self, seconds: float) -> float:
        """By how much a token may have been taken later than usual by a call that took so long.

        The first way may be longer than any other, for a connection is opened: all of it counts.
        """
        return (seconds - self.mean) / 2 + self.spread if self._weight > 1 else seconds


class BucketModel:
    """What a bucket of ``rate`` and ``burst`` holds, from the last moment its level was known.

    ``overflow`` counts the tokens that it could not hold since then, if rate and burst are right.
    ``taken`` is always counted from the beginning.
    """

    def __init__(self, now: float) -> None:
        self.rate = 1.0
        self.burst = 1.0
        self.overflow = 0.0
        self._time, self._taken, self._level = now, 0.0, 0.0

    def level(self, now: float, taken: float) -> float:
        """Tokens in it when ``taken`` have been taken; negative: more than it can give."""
        return min(self.burst, self._unbounded(now, taken))

    def note_overflow(self, now: float, taken: float) -> None:
        """Count what has run over by now."""
        if (over := self._unbounded(now, taken) - self.burst) > 0:
            self.overflow += over
            self._time, self._taken, self._level = now, taken, self.burst

    def level_was(self, time: float, taken: float, level: float) -> None:
        """Reckon from now on from ``level`` tokens at ``time``."""
        self.overflow = 0.0
        self._time, self._taken, self._level = time, taken, level

    def seconds_since_known(self, now: float) -> float:
        """For how long the level was only reckoned."""
        return now - self._time

    def _unbounded(self, now: float, taken: float) -> float:
        return self._level + self.rate * (now - self._time) - (taken - self._taken)


class BurstEstimator:
    """The burst, once the rate is known: from how a full bucket was emptied at the beginning."""

    def __init__(self, tuning: BucketTuning = TUNING.bucket) -> None:
        self._tuning = tuning
        self._samples: list[tuple[float, float]] = []
        self._next_taken = 0.0  # from so many tokens on another sample is to be kept
        self._emptied: tuple[float, float] | None = None
        self._emptied_by = 0  # the call that was refused

    def sent(self, now: float, taken: float) -> None:
        """Note that a call leaves; samples are kept ever further apart."""
        if taken < self._next_taken:
            return
        self._samples.append((now, taken))
        kept, tuning = len(self._samples), self._tuning
        is_full = kept == tuning.samples
        self._next_taken = math.inf if is_full else tuning.sample_spacing**kept - 1

    def emptied(self, time: float, taken: float, number: int = 0) -> None:
        """Note when the bucket was empty for the first time, and for which call."""
        self._emptied, self._emptied_by = (time, taken), number
        self._next_taken = math.inf

    def refused(self, number: int) -> bool:
        """Note a refused call; whether it was thought to have taken a token until it was empty."""
        if self._emptied is None or number >= self._emptied_by:
            return False
        time, taken = self._emptied
        self._emptied = (time, taken - 1)
        return True

    def forget(self) -> None:
        """Wait for another emptying."""
        self._samples, self._emptied = [], None
        self._next_taken = 0.0

    def burst(self, rate: float, behind: float = 0.0) -> float | None:
        """The burst at that rate; None: nothing was emptied.

        The most that was ever taken beyond what flowed in until the bucket was empty. ``behind``:
        tokens that may be missing to what flowed in, where each call leaves a little too late.
        """
        if self._emptied is None or not self._samples:
            return None
        time, taken = self._emptied
        beyond = [taken - before - rate * (time - then) for then, before in self._samples]
        if max(beyond) < -behind:  # less than flowed in was taken: it was not empty when it refused
            return max(self._tuning.likely_burst, rate)
        return max(1.0, *beyond)
