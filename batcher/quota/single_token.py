"""When the next call may leave where a bucket holds one token: once that is there for certain.

Such a bucket fills from the moment at which the last call took its token. That was after the call
left and before it was answered, and nobody knows when. If the way there took all of what that
answer took longer than the fastest, and the next way takes none of it, then a call that leaves one
interval after the last one is early by as much, and refused. So it leaves later by as much: the
jitter of one way is lost in each interval, where a refusal costs a whole one. No I/O or clock.
"""

import math

from batcher.quota.bucket_model import Latency
from batcher.quota.tuning import TUNING, SingleTokenTuning


class ShortestLatency:
    """The shortest time from send to answer within the last minute or two, in seconds.

    Estimators whose calls go the same way may share one: where a thousand begin together, the first
    answers of each come late, and none knows by itself how soon they can come.
    """

    def __init__(self, tuning: SingleTokenTuning = TUNING.single_token) -> None:
        self._period = tuning.shortest_period
        self._before = self._since = math.inf
        self._changed = -math.inf

    def add(self, seconds: float, now: float) -> None:
        """Note one answer's time."""
        if now - self._changed >= self._period:
            self._before, self._since, self._changed = self._since, math.inf, now
        if seconds < self._since:
            self._since = seconds

    @property
    def seconds(self) -> float:
        return min(self._before, self._since)


class SingleToken:
    """Whether a quota is supposed to hold one token, and how late the next call must leave.

    ``ceiling``: requests per second that were asked for, None: nobody did; ``burst``: tokens that
    the settings say of it, None: nothing. A burst of 1 and a low ceiling are taken for the quota's
    own from the first call on. Other low ceilings are, when one of the first calls is refused, for
    a larger bucket would have had tokens.

    ``is_searched``: nothing was asked for, or more than the quota is.
    """

    def __init__(
        self,
        ceiling: float | None,
        burst: float | None,
        shortest: ShortestLatency,
        tuning: SingleTokenTuning = TUNING.single_token,
    ) -> None:
        self._tuning = tuning
        self._shortest = shortest
        asked = math.inf if ceiling is None else ceiling
        self.is_searched = ceiling is None
        self._low = self.is_searched or asked <= tuning.low
        self.is_said = burst == 1 and asked <= tuning.said
        self.is_supposed = self.is_said
        self._at_first = 0  # calls accepted before the first refusal
        self._refusals = 0  # of calls that were to arrive in time
        self._soon = 0  # refusals in succession, each a few calls after the one before

    def refused(self, accepted: int, since: int, *, first: bool = False) -> None:
        """Note the first refusal of an event; ``first``: it is that of the very first call.

        ``accepted``: calls from the start, ``since``: and from the refusal before.
        """
        self._at_first = self._at_first or accepted
        self._refusals += self.is_supposed
        self._soon = self._soon + 1 if since < self._tuning.few else 1
        if self._refusals == 0:
            # a very first call that is refused found what others left, or a stray throttle
            self.is_supposed = self._low and not first and accepted <= self._tuning.few
        elif self._soon > self._tuning.soon:  # more than jitter: the rate is a lower one
            self.is_searched |= self._at_first <= self._tuning.at_once
            self.is_supposed &= self.is_searched
            self._low &= self.is_searched

    def too_fast(self, rate: float) -> bool:
        """Whether a rate that was found is too high for calls to be spaced: then no more are."""
        self.is_supposed &= rate <= self._tuning.fast
        return not self.is_supposed

    def is_long_ago(self, rate: float, seconds: float) -> bool:
        """Whether what was found in a search of so low a rate is to be tried again by now."""
        is_low = self.is_supposed and self.is_searched and rate <= self._tuning.low
        return is_low and seconds > self._tuning.long_ago

    def behind(self, *, is_unit: bool) -> float:
        """Tokens that may be missing to what flowed in when the bucket was first emptied.

        Any number in a search: what was late then says nothing.
        """
        if not self.is_supposed:
            return 0.0
        if not self.is_searched:
            return self._tuning.behind
        return math.inf if is_unit else 0.0

    def lateness(
        self, latency: Latency, seconds: float, interval: float, *, bold: bool = False
    ) -> float | None:
        """By how much later than ``interval`` after a call that took so long the next must leave.

        None: jitter is too much of an interval to wait for, so that some calls had better be
        refused. In a search it is waited for at most an interval.
        """
        if self.is_searched:
            late = min(interval, self.late(latency, seconds))
            return min(late, latency.lateness(seconds)) if bold else late
        if self.is_slow(latency, interval):
            return None
        odd = self._tuning.spreads * min(self._tuning.most_odd, self._refusals)
        return self.late(latency, seconds) + odd * min(latency.spread, self._shortest.seconds)

    def late(self, latency: Latency, seconds: float) -> float:
        """How much later than it left a call that took so long may have taken its token.

        Apart from what the way takes at least. The first answer says nothing of how soon one can
        come, and a few not all.
        """
        return seconds - self._shortest.seconds * (1 - 1 / max(1, latency.answers))

    def is_slow(self, latency: Latency, interval: float) -> bool:
        """Whether answers are too late to wait for each before the next call leaves."""
        tuning, jitter = self._tuning, latency.mean - self._shortest.seconds
        if self.is_searched:
            return min(jitter, latency.newest - self._shortest.seconds) > interval
        return interval * tuning.said < 1 and jitter > tuning.most_jitter * interval
