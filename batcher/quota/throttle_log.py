"""What throttles prove about a token bucket: the arithmetic of what was accepted between two of
them.

Counting and intervals only. Whether to send, and how fast, is decided in ``estimator``.

A throttle is a mark: at that moment the bucket held less than one token. Between two marks what was
accepted is what flowed in, so accepted / time is the rate, give or take one token. Counts go by the
order of sending, because answers come late and out of order; a call not yet answered counts as
accepted until it is known better.
"""

import math
from collections import deque
from dataclasses import dataclass

# two for each event: a dozen events reach back further than a quota usually stays the same
KEPT_OBSERVATIONS = 24
# to count those sent after a mark; more are in flight only in the first overshoot
KEPT_REFUSALS = 256


@dataclass(slots=True)
class EmptyBucketObservation:
    """The bucket was empty at ``time``, after ``taken`` tokens were taken by requests sent
    before number ``number``.
    """

    number: int
    time: float
    taken: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRate:
    """The rate lies between ``low`` and ``high``, most likely at ``rate`` (tokens per second)."""

    rate: float
    low: float
    high: float

    def believed(self) -> tuple[float, float]:
        """The rate to believe in, and the doubt that is left: half the width of the interval, as a
        part of the rate.

        Quotas are whole numbers: if one is in an interval narrower than 1, it is that, and the more
        surely the narrower it is.
        """
        width = self.high - self.low
        doubt = width / 2 / self.rate
        number = round(self.rate)
        if number >= 1 and width < 1 and self.low <= number <= self.high:
            return float(number), doubt * min(1.0, doubt)
        return self.rate, doubt


class ThrottleLog:
    """ThrottleLog of one bucket, newest last, and the number of tokens taken from it."""

    def __init__(self) -> None:
        self.sent = 0
        self._not_taken = 0.0
        self._refusals: deque[tuple[int, float]] = deque(maxlen=KEPT_REFUSALS)
        self._marks: deque[EmptyBucketObservation] = deque(maxlen=KEPT_OBSERVATIONS)
        self._first_of_event: EmptyBucketObservation | None = None

    def __len__(self) -> int:
        return len(self._marks)

    @property
    def newest(self) -> EmptyBucketObservation:
        return self._marks[-1]

    @property
    def taken(self) -> float:
        """Tokens taken so far, with everything in flight."""
        return self.sent - self._not_taken

    def not_taken(self, number: int, tokens: float) -> None:
        """The request of that number took ``tokens`` less than one."""
        self._not_taken += tokens
        self._refusals.append((number, tokens))
        for observation in self._marks:
            if observation.number > number:
                observation.taken -= tokens

    def throttled(self, number: int, time: float, *, new_event: bool) -> None:
        """EmptyBucketObservation an empty bucket.

        Of one event the first and the last mark are kept.
        """
        self.not_taken(number, 1.0)
        later = sum(tokens for other, tokens in self._refusals if other >= number)
        observation = EmptyBucketObservation(number, time, number - (self._not_taken - later))
        if new_event or not self._marks:
            self._first_of_event = observation
        elif number < self.newest.number or time < self.newest.time:
            return
        elif self.newest is not self._first_of_event:
            self._marks.pop()
        self._marks.append(observation)

    def forget_all_but_newest(self) -> None:
        """The bucket may have been full since: what is older proves nothing about what comes."""
        while len(self._marks) > 1:
            self._marks.popleft()

    def measure(self, noise: float) -> MeasuredRate | None:
        """The rate from the longest span that agrees with the newest, each count being right to
        ``stray_throttles`` tokens.

        ThrottleLog that disagree are of another regime and are dropped. None while there are no two
        marks apart in time.
        """
        newest, low, high, rate = self.newest, 0.0, math.inf, 0.0
        for index in range(len(self._marks) - 2, -1, -1):
            observation = self._marks[index]
            seconds, taken = newest.time - observation.time, newest.taken - observation.taken
            if seconds <= 0:
                continue
            span_low, span_high = (taken - noise) / seconds, (taken + noise) / seconds
            if span_low > high or span_high < low:
                for _ in range(index + 1):
                    self._marks.popleft()
                break
            low, high, rate = max(low, span_low), min(high, span_high), taken / seconds
        if math.isinf(high) or high <= 0:
            return None
        rate = min(max(rate, low, 0.1 * high), high)
        return MeasuredRate(rate=rate, low=low, high=high)
