"""The pace of a measurement: so fast that the bucket hardly ever runs over.

No I/O, clock or asyncio; time is an argument, in monotonic seconds. What the calls prove is found
in ``feasible_rates``. A run goes at the pace of ``estimator`` instead, which is to be throttled
seldom, and so can't always tell what ran over.
"""

import math

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.feasible_rates import Call, RateInterval, feasible_rates
from batcher.quota.observation import Observation, Ticket
from batcher.quota.ramp import ramp
from batcher.quota.tuning import TUNING, Tuning


class SaturationProbe:
    """Spaces the calls of a measurement and keeps what came of them; used as a RateEstimator is.

    ``look`` reckons what they prove so far; it takes a while, and may be called in another thread.
    """

    def __init__(self, tuning: Tuning = TUNING) -> None:
        self._all_tuning, self._tuning = tuning, tuning.probe
        self._start = self._now = math.inf
        self._calls: list[Call] = []
        self._proved: RateInterval | None = None
        self._looked_at = 0  # calls
        self._planned = self._resume = -math.inf
        self._late: list[float] = []  # seconds by which each call left later than planned
        self._sent = self._accepted = self._quiet = 0
        # whether the bucket gave but a few tokens before the first refusal; None: none came yet
        self._few: bool | None = None
        # the refusal that the rate is reckoned from: when it was sent, accepted calls till then
        self._from: tuple[float, int] | None = None
        self._rate = ramp(0, tuning.ramp)

    @property
    def rate(self) -> float:
        """Requests per second at present."""
        return self._rate

    @property
    def estimate(self) -> EstimatedQuota:
        """What was proved when it was looked at last; in doubt the least that it allows."""
        proved = self._proved
        if proved is not None and proved.doubt < self._tuning.too_wide:
            return EstimatedQuota(rate=proved.rate, burst=proved.burst, doubt=proved.doubt)
        if proved is not None:
            return EstimatedQuota(rate=proved.low)
        seconds = self._now - self._start if self._calls else 0.0
        longest_burst = self._all_tuning.pace.longest_burst
        return EstimatedQuota(rate=self._accepted / (longest_burst + seconds))

    to_remember = estimate

    @property
    def _lateness(self) -> float:
        """Seconds by which a busy machine does things late; 0 on one that is not busy."""
        late, tuning = sorted(self._late), self._tuning
        usual = late[int(tuning.nearly_all * (len(late) - 1))]
        return usual if usual > tuning.prompt else 0.0

    @property
    def worth_a_look(self) -> bool:
        """Whether there are enough answers since the last look for another."""
        more = self._looked_at + self._tuning.look_after
        return len(self._calls) >= max(more, self._tuning.look_growth * self._looked_at)

    @property
    def settled(self) -> bool:
        """Whether more calls would tell nothing new."""
        proved, tuning = self._proved, self._tuning
        if proved is None:
            return False
        one_left = proved.alone and proved.doubt <= tuning.sure_of_one
        return one_left or proved.doubt <= tuning.sure

    def look(self) -> None:
        """Reckon what the calls prove by now."""
        self._looked_at = len(self._calls)
        calls, late = self._calls[: self._looked_at], self._lateness
        self._proved = feasible_rates(calls, self._all_tuning.feasible, lateness=late)

    def next_send(self, now: float) -> float:
        """The earliest time that the next request may leave."""
        gap = 1 / self._rate
        # ever another gap, so that a token is asked for just before it comes and just after
        if self._few:
            gap *= self._tuning.shortest_gap + self._sent**2 * self._tuning.gap_step % 1
        return max(self._planned + gap, self._resume)

    def sent(self, now: float) -> Ticket:
        """Note that a request leaves."""
        self._start = min(self._start, now)
        oldest = now - self._all_tuning.pace.catch_up
        planned = self.next_send(now) if self._sent else now
        self._late.append(now - planned)
        self._planned = max(planned, oldest)
        self._sent += 1
        return Ticket(self._sent, now, self._rate, True, now)

    def answered(
        self, ticket: Ticket, now: float, observation: Observation, retry_after: float | None = None
    ) -> None:
        """Note what came of that request; ``retry_after``: the server's wish, seconds from now."""
        self._now = now
        match observation:
            case Observation.ACCEPTED:
                self._calls.append(Call(ticket.sent, now, True))
                self._went_through()
            case Observation.THROTTLED:
                self._calls.append(Call(ticket.sent, now, False))
                self._throttled(ticket.sent)
            case Observation.UNKNOWN:
                self._calls.append(Call(ticket.sent, now, None))
            case Observation.UNSENT:
                pass
        if retry_after is not None:
            wish = now + min(retry_after, self._all_tuning.pace.longest_retry_after)
            self._resume = max(self._resume, wish)

    def _went_through(self) -> None:
        self._accepted += 1
        self._quiet += 1
        if self._few is None:
            self._rate = ramp(self._accepted, self._all_tuning.ramp)
        elif self._quiet >= self._tuning.quiet:
            self._quiet, self._from = 0, None
            self._rate *= self._tuning.growth

    def _throttled(self, sent: float) -> None:
        tuning = self._tuning
        self._quiet = 0
        if self._few is None:
            self._few = self._accepted < tuning.few
        if self._from is None:
            self._from = sent, self._accepted
        since, before = self._from
        if sent > since:
            rate = (self._accepted - before + tuning.margin) / (sent - since)
            press = tuning.press_few if self._few else tuning.press
            self._rate = min(self._rate, press * rate)
