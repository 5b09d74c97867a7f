"""The pace of a measurement: always somewhat faster than the bucket fills, so that it hardly ever
runs over.

No I/O, clock or asyncio; time is an argument, in monotonic seconds. What the calls prove is found
in ``feasible_rates``. A run goes at the pace of ``estimator`` instead, which is to be throttled
seldom, and so can't always tell what ran over.
"""

import math

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import (
    CATCH_UP,
    LONGEST_RETRY_AFTER,
    Observation,
    Ticket,
    ramp,
)
from batcher.quota.feasible_rates import Call, RateInterval, feasible_rates

SURE = 0.02  # doubt at which more calls would tell nothing new
SURE_OF_ONE = 0.15  # the same, where one whole number alone is left
TOO_WIDE = 0.25  # doubt from which on nothing was measured
# of the rate so far: one call in five is refused, and each of them says that nothing ran over
PRESS = 1.25
PRESS_FEW = 3.0  # where the bucket holds but a few tokens, which run over between two calls
FEW = 5  # tokens
MARGIN = 2  # tokens by which the rate so far may be off
QUIET = 12  # accepted calls: if as many go through in succession, it is too slow
GROWTH = 1.5  # it then becomes so much faster
LOOKS = (15, 1.2)  # more answers, or times as many, until it is worth looking again


class SaturationProbe:
    """Spaces the calls of a measurement and keeps what came of them; used as a RateEstimator is.

    ``look`` reckons what they prove so far; it takes a while, and may be called in another thread.
    """

    def __init__(self) -> None:
        self._start = self._now = math.inf
        self._calls: list[Call] = []
        self._proof: RateInterval | None = None
        self._looked = 0
        self._planned = self._resume = -math.inf
        self._sent = self._accepted = self._quiet = 0
        # whether the bucket gave but a few tokens before the first refusal
        self._few: bool | None = None
        # a refusal: when it was sent, accepted calls till then
        self._since: tuple[float, int] | None = None
        self._pace = ramp(0)

    @property
    def rate(self) -> float:
        """Requests per second at present."""
        return self._pace

    @property
    def estimate(self) -> EstimatedQuota:
        """What was proved when it was looked at last; in doubt the least that it allows."""
        if self._proof is not None and self._proof.doubt < TOO_WIDE:
            return EstimatedQuota(
                rate=self._proof.rate, burst=self._proof.burst, doubt=self._proof.doubt
            )
        if self._proof is not None:
            return EstimatedQuota(rate=self._proof.low)
        # no bucket holds more than some 10 seconds' worth: so much at least flows in
        return EstimatedQuota(
            rate=self._accepted / (10 + (self._now - self._start if self._calls else 0.0))
        )

    worth_keeping = estimate

    @property
    def worth_a_look(self) -> bool:
        """Whether there are enough answers since the last look for another."""
        more, times = LOOKS
        return len(self._calls) >= max(self._looked + more, times * self._looked)

    @property
    def settled(self) -> bool:
        """Whether more calls would tell nothing new."""
        found = self._proof
        return found is not None and (
            found.doubt <= SURE or (found.alone and found.doubt <= SURE_OF_ONE)
        )

    def look(self) -> None:
        """Reckon what the calls prove by now."""
        self._looked = len(self._calls)
        self._proof = feasible_rates(self._calls[: self._looked])

    def next_send(self, now: float) -> float:
        """The earliest time that the next request may leave."""
        gap = 1 / self._pace
        # ever another gap, so that a token is asked for just before it comes and just after
        if self._few:
            gap *= 0.5 + self._sent**2 * 0.618034 % 1
        return max(self._planned + gap, self._resume)

    def sent(self, now: float) -> Ticket:
        """A request leaves."""
        self._start = min(self._start, now)
        self._planned = max(self.next_send(now), now - CATCH_UP) if self._sent else now
        self._sent += 1
        return Ticket(self._sent, now, self._pace, True, now)

    def answered(
        self, ticket: Ticket, now: float, outcome: Observation, retry_after: float | None = None
    ) -> None:
        """What came of that request. ``retry_after``: the server's wish, in seconds from now."""
        self._now = now
        match outcome:
            case Observation.ACCEPTED:
                self._calls.append(Call(ticket.sent, now, True))
                self._went_through()
            case Observation.THROTTLED:
                self._calls.append(Call(ticket.sent, now, False))
                self._refused(ticket.sent)
            case Observation.UNKNOWN:
                self._calls.append(Call(ticket.sent, now, None))
            case Observation.UNSENT:
                pass
        if retry_after is not None:
            self._resume = max(self._resume, now + min(retry_after, LONGEST_RETRY_AFTER))

    def _went_through(self) -> None:
        self._accepted += 1
        self._quiet += 1
        if self._few is None:
            self._pace = ramp(self._accepted)
        elif self._quiet >= QUIET:
            self._quiet, self._since = 0, None
            self._pace *= GROWTH

    def _refused(self, sent: float) -> None:
        self._quiet = 0
        if self._few is None:
            self._few = self._accepted < FEW
        if self._since is None:
            self._since = sent, self._accepted
        since, before = self._since
        if sent > since:
            rate = (self._accepted - before + MARGIN) / (sent - since)
            self._pace = min(self._pace, (PRESS_FEW if self._few else PRESS) * rate)
