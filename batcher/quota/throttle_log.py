"""What throttles prove about a token bucket: what was accepted between two of them.

Counting and intervals only. Whether to send, and how fast, is decided in ``estimator``.

When a call is refused the bucket holds less than one token: an empty moment. Between two of them
what was accepted is what flowed in, so accepted / time is the rate, give or take one token. Counts
go by the order of sending, because answers come late and out of order; a call not yet answered
counts as accepted until it is known better.
"""

import math
from dataclasses import dataclass

from batcher.quota.tuning import TUNING, LogTuning


@dataclass(slots=True)
class EmptyMoment:
    """The bucket was empty at ``time``; requests before that number had taken ``taken`` tokens."""

    number: int
    time: float
    taken: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRate:
    """The rate lies between ``low`` and ``high``, most likely at ``rate`` (tokens per second)."""

    rate: float
    low: float
    high: float

    @classmethod
    def within(cls, rate: float, doubt: float) -> "MeasuredRate":
        """A rate of which that part may be there besides, or may be missing."""
        return cls(rate=rate, low=rate * (1 - doubt), high=rate * (1 + doubt))

    def likeliest(self) -> tuple[float, float]:
        """The rate to go by, and its doubt: half the width of the interval, as a part of the rate.

        Quotas are whole numbers: if one is in an interval narrower than 1, it is that, and the more
        surely the narrower it is.
        """
        width = self.high - self.low
        doubt = width / 2 / self.rate
        whole = round(self.rate)
        if whole >= 1 and width < 1 and self.low <= whole <= self.high:
            return float(whole), doubt * min(1.0, doubt)
        return self.rate, doubt


class ThrottleLog:
    """The empty moments of one bucket, newest last, and the number of tokens taken from it."""

    def __init__(self, tuning: LogTuning = TUNING.log) -> None:
        self.sent = 0
        self._tuning = tuning
        self._not_taken = 0.0
        self._refusals: list[tuple[int, float]] = []
        self._moments: list[EmptyMoment] = []
        self._first_of_event: EmptyMoment | None = None

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def newest(self) -> EmptyMoment:
        """The last empty moment; IndexError where there is none."""
        return self._moments[-1]

    @property
    def taken(self) -> float:
        """Tokens taken so far, with everything in flight."""
        return self.sent - self._not_taken

    def count(self, first: int, before: int) -> tuple[float, float]:
        """Tokens taken by the requests from ``first`` to that before ``before``, and how unsure.

        Where more was refused than is kept, all of it is unsure.
        """
        refused = [tokens for number, tokens in self._refusals if first <= number < before]
        unsure = sum(min(tokens, 1 - tokens) for tokens in refused)
        if len(self._refusals) == self._tuning.kept_refusals and first < self._refusals[0][0]:
            return before - first, float(before - first)
        return before - first - sum(refused), unsure

    def not_taken(self, number: int, tokens: float) -> None:
        """Note that the request of that number took ``tokens`` less than one."""
        self._not_taken += tokens
        self._refusals.append((number, tokens))
        del self._refusals[: -self._tuning.kept_refusals]
        for moment in self._moments:
            if moment.number > number:
                moment.taken -= tokens

    def throttled(self, number: int, time: float, *, new_event: bool) -> None:
        """Note that the request of that number found the bucket empty.

        The first and the last empty moment of one event are kept.
        """
        self.not_taken(number, 1.0)
        later = sum(tokens for other, tokens in self._refusals if other >= number)
        moment = EmptyMoment(number, time, number - (self._not_taken - later))
        if new_event or not self._moments:
            self._first_of_event = moment
        elif number < self.newest.number or time < self.newest.time:
            return
        elif self.newest is not self._first_of_event:
            self._moments.pop()
        self._moments.append(moment)
        del self._moments[: -self._tuning.kept_moments]

    def forget_all_but_newest(self) -> None:
        """Drop what proves nothing about what comes, as the bucket may have been full since."""
        del self._moments[:-1]

    def measure(self, count_error: float) -> MeasuredRate | None:
        """The rate from the longest span that agrees with the newest; None: there is no span.

        Each count is right to ``count_error`` tokens. Empty moments that disagree are of another
        rate, and are dropped.
        """
        newest, low, high, rate = self.newest, 0.0, math.inf, 0.0
        for index in range(len(self._moments) - 2, -1, -1):
            moment = self._moments[index]
            seconds, taken = newest.time - moment.time, newest.taken - moment.taken
            if seconds <= 0:
                continue
            span_low, span_high = (taken - count_error) / seconds, (taken + count_error) / seconds
            if span_low > high or span_high < low:
                del self._moments[: index + 1]
                break
            low, high, rate = max(low, span_low), min(high, span_high), taken / seconds
        if math.isinf(high) or high <= 0:
            return None
        rate = min(max(rate, low, self._tuning.least_of_highest * high), high)
        return MeasuredRate(rate=rate, low=low, high=high)
