"""The estimate of a quota nobody published: when the next request may leave, learned from which
ones were refused.

No I/O, clock or asyncio; time is an argument, in monotonic seconds. What a throttle teaches is in
``rate_state``, and whether it teaches anything in ``stray_throttles``; here it is decided how fast
to send. The method and its numbers: docs/why-quota.md.
"""

import math
from enum import Enum
from typing import NamedTuple

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.rate_state import LOWEST_RATE, Phase, RateState
from batcher.quota.stray_throttles import Hypothesis, StrayThrottleTest

HIGHEST_RATE = 100_000.0  # per second; a bound for the arithmetic, no quota is near it
# seconds a late send is forgiven: an event loop is late by a few ms, and 25 ms of calls is no burst
CATCH_UP = 0.025
# seconds: while answers are on their way the plan may change; less than CATCH_UP, or it looks late
LOOK_AGAIN = 0.02
# seconds: the server's wish is kept up to here; more would be a mistake, not a quota
LONGEST_RETRY_AFTER = 30.0
DRAIN_SECONDS = 2.0  # in which tokens above the cushion are spent
# e-fold of the excess; longer where 4 round trips are, so that few calls are in flight too many
GROWTH_SECONDS = 0.6
# of a rate that was known: he who took half has left, and what is sent beyond that is refused at
# the end
DOUBLED = 1.3
CAREFUL = 3.0  # times as long an e-fold, from there on
# per second: a search may be bold there, for the refusals it costs are less than 1 % of a minute
FAST = 10.0
FEW = 8  # accepted calls: refused again within so many, the rate is still well off
SEVERAL = 40  # accepted calls: after fewer a measurement is fresh, and nothing can be overdue
LOWERED = 0.95  # of the rate before: a cut to less was more than a correction
# of the pace, where throttles are stray now and then: a run of them may be chance, and the count
# reaches far back
KEPT = 0.7
# of the rate, to find out about noise: an empty bucket then refuses three calls in five
TRIAL_EXCESS = 1.5
TRIAL_RATE = 4.0  # per second at least, on trial: that of the ramp's first calls
# of a ceiling: a remembered rate below that is where to start; one above may be the very rate that
# was asked for
BENEATH = 0.9
AS_HELD = 0.1  # of the rate: with more excess than that, what is refused may be due to it


class Observation(Enum):
    """What an answer says about the bucket."""

    ACCEPTED = "accepted"  # it took a token, whatever the service said after that
    THROTTLED = "throttled"  # it took none: less than one was there
    UNKNOWN = "unknown"  # it was sent, and no answer came
    UNSENT = "unsent"  # it never left


class Ticket(NamedTuple):
    """One request on its way: its number, when it left, at which rate, and whether as soon as it
    was allowed to.

    ``decided``: when it could be held back last; what was learned later is not held against it.
    """

    number: int
    sent: float
    rate: float
    prompt: bool
    decided: float


class Pace(NamedTuple):
    """What the spacing of requests has to keep to: ``rate`` per second, None: nothing is held
    back; none before ``resume``.
    """

    rate: float | None
    resume: float


class RateEstimator:
    """Finds the rate of a token bucket, and spends nearly all of it.

    Wait until ``next_send`` (one waiter at a time), call ``sent`` when the request leaves, and
    ``answered`` once for every ticket. ``ceiling``: requests per second that ``rate`` never
    exceeds; the caller keeps to it with a bucket of its own, and nothing more is held back until
    the first throttle. ``share``: the part of the quota to use once it is known. ``remembered``:
    what an earlier run had learned; it starts there, but for a guess, or what is not below the
    ceiling.
    """

    def __init__(
        self,
        *,
        now: float,
        ceiling: float | None = None,
        share: float = 1.0,
        remembered: EstimatedQuota | None = None,
    ) -> None:
        self._ceiling = HIGHEST_RATE if ceiling is None else ceiling
        self._free = ceiling is not None
        self._share = share
        self._start = self._now = self._resume = now
        self._state = RateState(now)
        self._stray = StrayThrottleTest()
        self._was_overdue = False  # the throttle before this one
        self._excess = 0.0  # part of the rate that is sent on top of it
        self._accepted = 0
        self._since = 0  # accepted calls since the last cut
        self._in_flight = 0
        # when the last request was to leave: the next one keeps the distance from that
        self._planned = -math.inf
        # when the rate was last cut: refusals of older requests belong to the same event
        self._cut = -math.inf
        if (
            remembered is not None
            and not remembered.is_guess
            and remembered.rate * share < BENEATH * self._ceiling
        ):
            self._remember(remembered)

    def __repr__(self) -> str:
        sent = self._state.throttle_log.sent
        return (
            f"<RateEstimator {self._state.phase.value} {self.rate:.3g}/s, {sent} sent,"
            f" {self._in_flight} in flight>"
        )

    @property
    def rate(self) -> float:
        """Requests per second at present."""
        return self._pace(self._now)

    @property
    def plan(self) -> Pace:
        """The pace at present, for whoever spaces the requests himself."""
        return Pace(None if self._free else self.rate, self._resume)

    @property
    def estimate(self) -> EstimatedQuota:
        """What is known now."""
        state = self._state
        # no bucket holds more than some 10 seconds' worth: so much at least flows in
        if state.phase is Phase.RAMP:
            return EstimatedQuota(
                rate=max(LOWEST_RATE, self._accepted / (10 + self._now - self._start))
            )
        return EstimatedQuota(rate=state.bucket.rate, burst=state.bucket.burst, doubt=state.doubt)

    @property
    def worth_keeping(self) -> EstimatedQuota:
        """The estimate; but a guess, while throttles that have nothing to do with the rate may
        have lowered it.
        """
        return self.estimate.as_guess() if self._stray.troubled else self.estimate

    def next_send(self, now: float) -> float:
        """The earliest time that the next request may leave.

        Not after ``now``: it may leave now. Else ask again then.
        """
        self._now = now
        at = now if self._free else max(self._planned + 1 / self._pace(now), self._resume)
        return min(at, now + LOOK_AGAIN) if at > now and self._in_flight else at

    def sent(self, now: float) -> Ticket:
        """A request leaves."""
        self._now = now
        throttle_log, rate = self._state.throttle_log, self._pace(now)
        at = (
            now
            if self._free or math.isinf(self._planned)
            else max(self._planned + 1 / rate, self._resume)
        )
        ticket = Ticket(throttle_log.sent, now, rate, at >= now - CATCH_UP, now)
        self._planned = max(at, now - CATCH_UP)
        self._state.drain.sent(now, throttle_log.taken)
        if self._state.phase is not Phase.RAMP:
            self._state.bucket.spill(now, throttle_log.taken)
        throttle_log.sent += 1
        self._in_flight += 1
        return ticket

    def answered(
        self, ticket: Ticket, now: float, outcome: Observation, retry_after: float | None = None
    ) -> None:
        """What came of that request. ``retry_after``: the server's wish, in seconds from now."""
        self._now = now
        self._in_flight -= 1
        if outcome in (Observation.ACCEPTED, Observation.THROTTLED):
            self._state.latency.add(now - ticket.sent)
        match outcome:
            case Observation.ACCEPTED:
                self._went_through(ticket, now)
            case Observation.THROTTLED:
                self._refused(ticket, now)
            case Observation.UNKNOWN:
                self._state.throttle_log.not_taken(ticket.number, 0.5)  # it took a token or none
            case Observation.UNSENT:
                self._state.throttle_log.not_taken(ticket.number, 1.0)
        if retry_after is not None:
            self._resume = max(self._resume, now + min(retry_after, LONGEST_RETRY_AFTER))

    def _pace(self, now: float) -> float:
        state = self._state
        if state.phase is Phase.RAMP:
            return self._ceiling if self._free else ramp(self._accepted)
        rate = state.bucket.rate * (1 + self._excess)
        if state.phase is Phase.HOLD and self._share < 1:
            rate *= self._share
        elif (
            state.phase is Phase.HOLD and self._stray.standing is Hypothesis.NONE
        ):  # a full bucket, after a pause or at the start of a remembered one
            above = max(0.0, state.level(now) - state.cushion - state.noise)
            rate += min(state.bucket.rate, above / DRAIN_SECONDS)
        return min(max(LOWEST_RATE, rate), self._ceiling)

    def _went_through(self, ticket: Ticket, now: float) -> None:
        state = self._state
        self._accepted += ticket.prompt
        state.unit_bucket.accepted(ticket.sent)
        if state.phase is Phase.RAMP or ticket.decided < self._cut:
            return
        overdrawn = state.level(now) < -state.cushion - state.noise
        if self._stray.accepted(holding=self._holding(ticket.sent), overdrawn=overdrawn):
            state.search_again()
        if not ticket.prompt:
            return
        self._since += 1
        if state.no_room:  # the next call must not reach the bucket before it holds a token again
            later = state.latency.later(now - ticket.sent)
            self._resume = max(self._resume, ticket.sent + later + 1 / self._pace(now))
        self._grow(now)

    def _grow(self, now: float) -> None:
        state, standing = self._state, self._stray.standing
        if standing is Hypothesis.TRIAL:
            least = 0.0 if state.no_room else TRIAL_RATE / state.bucket.rate - 1
            self._excess = max(self._excess, TRIAL_EXCESS, least)
        elif not self._stray.cautious and self._overdue(now) and self._pace(now) < self._ceiling:
            known = state.phase is Phase.HOLD
            least = 0.01 if known else 0.4 if state.bucket.rate >= FAST else 0.1
            growth = max(GROWTH_SECONDS, 4 * state.latency.mean)
            if known and self._excess > DOUBLED:
                growth *= CAREFUL
            self._excess = max(self._excess, least) * min(
                2.0, math.exp(1 / (self._pace(now) * growth))
            )

    def _overdue(self, now: float) -> bool:
        """Whether the bucket gave more than it should hold, so that its rate must be higher than
        believed.
        """
        state = self._state
        if state.phase is Phase.SEARCH:
            return not state.no_room or self._since > 2
        if self._share < 1:
            return self._since > 20 * state.cycle  # it is never emptied: look now and then
        if state.no_room:
            return self._since > state.cycle / 2
        return state.level(now) < -0.5 * state.noise or self._since > 2 * state.cycle

    def _refused(self, ticket: Ticket, now: float) -> None:
        state = self._state
        new_event = ticket.decided >= self._cut
        if new_event and self._is_stray(ticket):
            state.throttle_log.not_taken(ticket.number, 1.0)
            return
        believed, expected = state.bucket.rate, self._expected
        pace = self._pace(now)
        quickly, chosen = self._since < FEW, self._ceiling if self._free else None
        state.refused(
            ticket.number,
            ticket.sent,
            now,
            min(pace, ticket.rate),
            new_event=new_event,
            quickly=quickly,
            chosen=chosen,
        )
        if new_event:
            self._new_event(now, pace, believed, expected=expected)
        self._resume = state.resume
        self._planned = min(self._planned, state.resume - 1 / state.bucket.rate)

    def _new_event(self, now: float, pace: float, believed: float, *, expected: bool) -> None:
        state = self._state
        if self._stray.standing is Hypothesis.BELIEVED and self._since > SEVERAL:
            state.keep(KEPT * pace)
        if not expected:  # one lowering is natural below a rate that somebody chose
            self._stray.cut(
                lowered=state.bucket.rate < LOWERED * believed < LOWERED * self._ceiling
            )
        self._free = False
        self._cut = now
        self._since = 0
        self._excess = min(state.excess(), max(0.0, pace / state.bucket.rate - 1))

    @property
    def _expected(self) -> bool:
        """Whether a throttle teaches nothing about noise now: the ramp's first, or one that was
        to come about now.
        """
        return self._state.phase is Phase.RAMP or self._since >= self._state.cycle / 2

    def _holding(self, sent: float) -> bool:
        """Whether a call sent then should have found a token for sure."""
        return self._excess < AS_HELD and self._state.holding(sent)

    def _is_stray(self, ticket: Ticket) -> bool:
        """Whether that throttle has nothing to do with the rate, as far as is known."""
        state = self._state
        if state.phase is Phase.RAMP:
            return False
        soon = self._since <= SEVERAL
        overdue = not soon and not state.no_room and state.level(ticket.sent) < -4 * state.noise
        again = overdue and self._was_overdue
        self._was_overdue = overdue or (soon and self._was_overdue)
        return not self._stray.refused(
            expected=self._expected, overdue=again, holding=self._holding(ticket.sent)
        )

    def _remember(self, remembered: EstimatedQuota) -> None:
        self._free = False
        self._stray.confirmed = True
        rate = max(LOWEST_RATE, remembered.rate)
        burst = max(2.0, rate) if remembered.burst is None else max(1.0, remembered.burst)
        self._state.recall(rate, burst, remembered.doubt, min(burst, rate * remembered.age))
        self._resume = self._state.resume
        self._excess = self._state.excess()


def ramp(accepted: int) -> float:
    """The rate after so many accepted calls, while none was refused.

    The likeliest quotas are 1 and 5 per second, where every refusal counts, so it starts slowly;
    300 is reached in about 2 s; above 500 nothing is expected, and it grows slowly, lest thousands
    are refused when a large burst ends.
    """
    if accepted == 0:
        return 4.0
    if accepted < 4:
        return 10.0
    rate = 28.0 if accepted < 24 else 20 + (1.5 if accepted < 130 else 1.75) * accepted
    return rate if rate < 500 else 500 + (rate - 500) / 8
