"""When the next request may leave under a quota nobody published, learned from those refused.

No I/O, clock or asyncio; time is an argument, in monotonic seconds. Here it is decided how fast to
send. What a throttle means is in ``throttle_meaning``, what it teaches in ``rate_state``. The
method and its figures: docs/why-quota.md.
"""

import math
from typing import NamedTuple

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.observation import ACCEPTED, Observation, Ticket
from batcher.quota.ramp import ramp
from batcher.quota.rate_state import RateState, Refusal
from batcher.quota.single_token import ShortestLatency, SingleToken
from batcher.quota.stray_throttles import StrayThrottleTest
from batcher.quota.throttle_meaning import (
    HOLD,
    RAMP,
    Evidence,
    Hypothesis,
    Lesson,
    Phase,
    cause_of,
    lesson_of,
)
from batcher.quota.tuning import TUNING, Tuning


class Pace(NamedTuple):
    """What the spacing of requests has to keep to.

    ``rate`` per second, None: nothing is held back; no request leaves before ``resume``.
    """

    rate: float | None
    resume: float


class RateEstimator:
    """Finds the rate of a token bucket, and spends nearly all of it.

    Wait until ``next_send`` (one waiter at a time), call ``sent`` when the request leaves, and
    ``answered`` once for every ticket. ``ceiling``: requests per second that ``rate`` never
    exceeds; the caller keeps to it with a bucket of its own, and nothing more is held back until
    the first throttle, but where ``burst``, which the settings say of the ceiling, is that of a
    bucket of one token. ``share``: the part of the quota to use once it is known. ``remembered``:
    what an earlier run had learned; it starts there, but for a guess, or what is not below the
    ceiling. ``shortest``: shared with others whose calls go the same way; default: its own.
    """

    def __init__(
        self,
        *,
        now: float,
        ceiling: float | None = None,
        burst: float | None = None,
        share: float = 1.0,
        remembered: EstimatedQuota | None = None,
        shortest: ShortestLatency | None = None,
        tuning: Tuning = TUNING,
    ) -> None:
        self._all_tuning, self._tuning = tuning, tuning.pace
        self._ceiling = self._tuning.highest if ceiling is None else ceiling
        self._unpaced = ceiling is not None  # nothing is held back
        self._shortest = shortest or ShortestLatency(tuning.single_token)
        self._single = SingleToken(ceiling, burst, self._shortest, tuning.single_token)
        self._share = share
        self._start = self._now = self._resume = now
        self._state = RateState(now, tuning)
        self._strays = StrayThrottleTest(tuning.strays)
        self._excess = 0.0  # share of the rate that is sent on top of it
        self._accepted = 0
        self._since_cut = 0  # accepted calls
        self._found_again = 0  # times that an unlikely rate was tried to raise, in succession
        self._in_flight = 0
        self._is_newest_unanswered = False
        self._overlapping = -1  # the newest call that left before another was answered
        # when the last request was to leave: the next one keeps the distance from that
        self._planned = -math.inf
        # when the rate was last cut: refusals of older requests belong to the same event
        self._cut_at = -math.inf
        least_unused = self._tuning.below_ceiling * self._ceiling
        if remembered and not remembered.is_guess and remembered.rate * share < least_unused:
            self._recall(remembered)

    def __repr__(self) -> str:
        sent = self._state.throttle_log.sent
        return (
            f"<RateEstimator {self._state.phase.value} {self.rate:.3g}/s, {sent} sent,"
            f" {self._in_flight} in flight>"
        )

    @property
    def rate(self) -> float:
        """Requests per second at present."""
        return self._rate_at(self._now)

    @property
    def at_quota(self) -> bool:
        """Whether ``rate`` is what a throttle taught, now or in an earlier run, and no ceiling."""
        return self._state.phase is not RAMP and self.rate < self._ceiling

    @property
    def pace(self) -> Pace:
        """The pace at present, for whoever spaces the requests himself."""
        return Pace(None if self._unpaced else self.rate, self._resume)

    @property
    def estimate(self) -> EstimatedQuota:
        """What is known now."""
        state = self._state
        if state.phase is RAMP:
            flowed_in = self._accepted / (self._tuning.longest_burst + self._now - self._start)
            return EstimatedQuota(rate=max(self._all_tuning.rate.lowest, flowed_in))
        doubt = state.proved_doubt
        return EstimatedQuota(rate=state.bucket.rate, burst=state.bucket.burst, doubt=doubt)

    @property
    def to_remember(self) -> EstimatedQuota:
        """The estimate; but a guess, while stray throttles may have lowered it."""
        calm = self._strays.hypothesis is Hypothesis.NO_STRAYS
        return self.estimate if calm else self.estimate.as_guess()

    def lower(self, ceiling: float | None, burst: float | None, share: float) -> None:
        """Keep to a lower ceiling, None for none, its burst, and a lower share from now on."""
        if ceiling is not None:
            self._ceiling = min(self._ceiling, ceiling)
            self._single = SingleToken(
                ceiling, burst, self._shortest, self._all_tuning.single_token
            )
        self._share = min(self._share, share)

    def next_send(self, now: float) -> float:
        """The earliest time that the next request may leave.

        Not after ``now``: it may leave now. Else ask again then.
        """
        self._now = now
        at = now
        if not self._unpaced or self._single.is_said:
            at = max(self._planned + 1 / self._rate_at(now), self._resume)
        if self._is_newest_unanswered and self._awaits_newest:
            return self._await_newest(now, at)
        return min(at, now + self._tuning.look_again) if at > now and self._in_flight else at

    def _await_newest(self, now: float, at: float) -> float:
        """The earliest time to ask again, while the last call is not answered; ``at``: its next."""
        look_again = self._tuning.look_again
        if at <= now:
            return min(at + self._all_tuning.single_token.patience, now + look_again)
        # a refusal may say that the token is there sooner
        answered = now + max(look_again, 2 * self._state.latency.mean)
        return min(at, answered) if self._single.is_searched else at

    def sent(self, now: float) -> Ticket:
        """Note that a request leaves."""
        self._now = now
        state, rate = self._state, self._rate_at(now)
        log, oldest = state.throttle_log, now - self._tuning.catch_up
        taken, single = log.taken, self._single
        at = now
        held = not self._unpaced or single.is_said
        if held and not math.isinf(self._planned):
            at = max(self._planned + 1 / rate, self._resume)
        # a bucket of one token forgives no late send
        exact = single.is_said or self._spaces_single
        self._planned = now if exact else max(at, oldest)
        state.burst_estimator.sent(now, taken)
        if state.phase is not RAMP:
            state.bucket.note_overflow(now, taken)
        ticket = Ticket(log.sent, now, rate, at >= oldest, now)
        state.rate_bounds.sent(log.sent, now + state.latency.mean / 2)
        if self._in_flight > 0:
            self._overlapping = log.sent
        log.sent += 1
        self._in_flight += 1
        self._is_newest_unanswered = True
        return ticket

    def answered(
        self, ticket: Ticket, now: float, observation: Observation, retry_after: float | None = None
    ) -> None:
        """Note what came of that request; ``retry_after``: the server's wish, seconds from now."""
        self._now = now
        self._in_flight -= 1
        if ticket.number == self._state.throttle_log.sent - 1:
            self._is_newest_unanswered = False
        if observation is ACCEPTED:  # as nearly all
            self._note_latency(now - ticket.sent, now)
            self._went_through(ticket, now)
        else:
            self._took_less(ticket, now, observation)
        if retry_after is not None:
            wish = now + min(retry_after, self._tuning.longest_retry_after)
            self._resume = max(self._resume, wish)

    def _took_less(self, ticket: Ticket, now: float, observation: Observation) -> None:
        """Note a request that has taken no token, or may have taken none."""
        match observation:
            case Observation.THROTTLED:
                self._note_latency(now - ticket.sent, now)
                self._throttled(ticket, now)
            case Observation.UNKNOWN:
                self._state.throttle_log.not_taken(ticket.number, self._tuning.lost_call)
            case Observation.UNSENT:
                self._state.throttle_log.not_taken(ticket.number, 1.0)

    def _note_latency(self, seconds: float, now: float) -> None:
        self._state.latency.add(seconds)
        self._shortest.add(seconds, now)

    def _recall(self, remembered: EstimatedQuota) -> None:
        lowest, likely = self._all_tuning.rate.lowest, self._all_tuning.bucket.likely_burst
        self._unpaced = False
        self._strays.confirmed = True
        rate, burst = max(lowest, remembered.rate), remembered.burst
        burst = max(likely, rate) if burst is None else max(1.0, burst)
        self._state.recall(rate, burst, remembered.doubt, min(burst, rate * remembered.age))
        self._resume = self._state.resume
        self._excess = self._state.excess()

    # how fast

    def _rate_at(self, now: float) -> float:
        """Requests per second to send at that time."""
        state = self._state
        if state.phase is RAMP:
            return self._ceiling if self._unpaced else ramp(self._accepted, self._all_tuning.ramp)
        rate = state.bucket.rate * (1 + self._excess)
        if state.phase is HOLD:
            if self._share < 1:
                rate *= self._share
            elif self._strays.hypothesis is Hypothesis.NO_STRAYS:
                rate += self._surplus_rate(now)
        return min(max(self._all_tuning.rate.lowest, rate), self._ceiling)

    def _surplus_rate(self, now: float) -> float:
        """What to add while the bucket is full: after a pause, or when it is a remembered one."""
        state = self._state
        surplus = max(0.0, state.level(now) - state.reserve - state.count_error)
        return min(state.bucket.rate, surplus / self._tuning.surplus_seconds)

    def _went_through(self, ticket: Ticket, now: float) -> None:
        state = self._state
        self._accepted += ticket.prompt
        single = self._single
        if single.is_supposed and single.is_searched:
            late = single.late(state.latency, now - ticket.sent)
            state.unit_search.accepted(ticket.sent, late, alone=self._was_alone(ticket))
        else:
            state.unit_search.accepted(ticket.sent)
        is_newer = state.phase is not RAMP and ticket.decided >= self._cut_at
        may_leap = is_newer and ticket.prompt and self._searches_single
        leaps = may_leap and self._raise_single(now, least=self._tuning.leap)
        in_time = self._next_in_time(ticket, now)
        if not is_newer:
            return
        overdrawn = state.level(now) < -state.reserve - state.count_error
        if self._strays.accepted(holding=self._holding(ticket.sent), overdrawn=overdrawn):
            state.search_again()
        if not ticket.prompt:
            return
        self._since_cut += 1
        if state.is_unit_bucket and not in_time:
            lateness = state.latency.lateness(now - ticket.sent)
            self._resume = max(self._resume, ticket.sent + lateness + 1 / self._rate_at(now))
        if not leaps:
            self._grow(now)

    def _was_alone(self, ticket: Ticket) -> bool:
        """Whether no other call was on its way at the same time."""
        return ticket.number > self._overlapping

    @property
    def _spaces_single(self) -> bool:
        """Whether calls are spaced for a bucket of one token."""
        if self._unpaced or self._state.phase is RAMP:
            return self._single.is_said
        return self._single.is_supposed and self._state.is_unit_bucket

    @property
    def _awaits_newest(self) -> bool:
        """Whether no call is to leave before the last one is answered."""
        if not self._spaces_single:
            return False
        return not self._single.is_slow(self._state.latency, 1 / self._rate_at(self._now))

    @property
    def _searches_single(self) -> bool:
        """Whether the interval of a bucket of one token is searched with calls that are spaced."""
        return self._spaces_single and self._single.is_searched

    def _next_in_time(self, ticket: Ticket, now: float) -> bool:
        """Have the next call not arrive before the only token is there; whether that pays."""
        state, single = self._state, self._single
        if not self._spaces_single:
            return False
        rate = self._rate_at(now)
        interval, bold = 1 / rate, state.unit_search.is_bold(rate)
        late = single.lateness(state.latency, now - ticket.sent, interval, bold=bold)
        if late is not None:
            self._resume = max(self._resume, ticket.sent + late + interval)
        return late is not None

    def _grow(self, now: float) -> None:
        state, strays = self._state, self._strays
        if self._searches_single and self._raise_single(now):
            return
        if strays.hypothesis is Hypothesis.UNDER_TEST:
            self._excess = max(self._excess, self._test_excess)
        elif not strays.cautious and self._overdue(now) and self._rate_at(now) < self._ceiling:
            tuning, known = self._tuning, state.phase is HOLD
            least = self._least_excess(known)
            seconds = max(tuning.growth_seconds, tuning.growth_round_trips * state.latency.mean)
            if known and self._excess > tuning.doubled_excess:
                seconds *= tuning.doubled_slower
            if self._searches_single and self._excess < least:
                self._excess = least  # a refusal proves the more, the less too fast it was
                return
            growth = math.exp(1 / (self._rate_at(now) * seconds))
            self._excess = max(self._excess, least) * min(tuning.growth_at_most, growth)

    def _least_excess(self, known: bool) -> float:
        """The excess to grow from."""
        state, tuning = self._state, self._tuning
        rate, is_unit = state.bucket.rate, state.is_unit_bucket
        if known and state.is_unlikely and not is_unit:
            return tuning.least_unlikely
        if known and (rate >= tuning.slow or not is_unit):
            return tuning.least_known
        return tuning.least_fast if rate >= tuning.fast else tuning.least_guess

    def _raise_single(self, now: float, least: float = 1.0) -> bool:
        """Go on with a higher rate for a bucket of one token, where one is good or likely.

        Only if it is higher by more than ``least`` times.
        """
        state, rate = self._state, self._rate_at(now)
        if self._single.too_fast(rate):
            state.reckon_burst()
            return False
        higher = state.higher(rate)
        if higher <= least * rate or rate >= self._ceiling or self._share < 1:
            return False
        state.bucket.rate, self._excess = higher, 0.0
        return True

    @property
    def _test_excess(self) -> float:
        """The excess to test for stray throttles with."""
        state, tuning = self._state, self._tuning
        least = 0.0 if state.is_unit_bucket else tuning.test_rate / state.bucket.rate - 1
        return max(tuning.test_excess, least)

    def _overdue(self, now: float) -> bool:
        """Whether the bucket gave more than it should hold, so that its rate must be higher."""
        state, tuning, calls = self._state, self._tuning, self._since_cut
        if state.phase is Phase.SEARCH:
            return not state.is_unit_bucket or calls > tuning.overdue_unit_search
        if self._share < 1:
            return calls > tuning.overdue_share * state.cycle
        if state.is_unit_bucket:
            if not self._searches_single:
                is_recalled = math.isinf(self._cut_at)
                unchecked = is_recalled and now - self._start > tuning.overdue_recalled
                return unchecked or calls > tuning.overdue_unit * state.cycle
            return self._excess > 0 or state.unit_search.is_overdue(state.bucket.rate, now)
        missing = -tuning.overdue_level * state.count_error
        too_many = calls > tuning.overdue * state.cycle
        return state.level(now) < missing or too_many or self._is_long_ago(now)

    def _is_long_ago(self, now: float) -> bool:
        """Whether the rate was found so long ago that a higher one is to be tried."""
        state, seconds = self._state, now - self._cut_at
        if self._single.is_searched and state.is_unlikely:
            return seconds > self._tuning.overdue_unlikely * 2.0**self._found_again
        return self._single.is_long_ago(state.bucket.rate, seconds)

    # what a throttle means

    def _throttled(self, ticket: Ticket, now: float) -> None:
        """Find out what that throttle means, and do it."""
        late = self._far_too_late(ticket.sent)
        if ticket.decided >= self._cut_at:
            self._rethink(now, is_first=ticket.number == 0 and self._was_alone(ticket))
        surprise = self._is_surprise(ticket, now)
        evidence = self._evidence(ticket, late, surprise=surprise)
        cause = cause_of(evidence)
        lesson = lesson_of(cause, evidence)
        self._strays.throttled(cause, holding=self._holding(ticket.sent), late=late)
        if lesson is Lesson.NOTHING:
            self._state.throttle_log.not_taken(ticket.number, 1.0)
        else:
            expected = evidence.expected or not surprise
            self._learn(lesson, ticket, now, expected=expected)

    def _rethink(self, now: float, *, is_first: bool) -> None:
        """Suppose a larger bucket, if another throttle says that it is none of one token."""
        again = self._found_again + self._is_long_ago(now)
        most = self._tuning.overdue_doublings
        self._found_again = min(most, again) if self._state.is_unlikely else 0
        was_supposed = self._single.is_supposed
        self._single.refused(self._accepted, self._since_cut, first=is_first)
        if was_supposed and not self._single.is_supposed:
            self._state.reckon_burst()
        elif self._single.is_supposed and self._all_refused:
            self._state.suppose_one_token()

    @property
    def _all_refused(self) -> bool:
        """Whether nothing was accepted yet, of so many that nothing is known of the bucket."""
        sent = self._state.throttle_log.sent
        return self._accepted == 0 and sent >= self._tuning.all_refused

    def _is_surprise(self, ticket: Ticket, now: float) -> bool:
        """Whether a throttle is none that the search for an interval has to expect."""
        if not self._searches_single:
            return True
        pace, alone = min(self._rate_at(now), ticket.rate), self._was_alone(ticket)
        tried = self._excess > 0
        return self._state.unit_search.may_be_stray(ticket.sent, pace, alone=alone, tried=tried)

    def _evidence(self, ticket: Ticket, late: bool | None, *, surprise: bool) -> Evidence:
        state, strays = self._state, self._strays
        expected_from = self._tuning.expected_from * state.cycle
        return Evidence(
            phase=state.phase,
            hypothesis=strays.hypothesis,
            same_event=ticket.decided < self._cut_at,
            expected=state.phase is RAMP or self._since_cut >= expected_from,
            late_twice=strays.late_twice(late),
            too_many=strays.too_many and surprise,
            is_run=strays.is_run,
            unit_bucket=state.is_unit_bucket,
            overflowed=state.bucket.overflow > state.count_error,
        )

    def _far_too_late(self, sent: float) -> bool | None:
        """Whether a throttle of a call sent then comes far too late; None: too soon to tell."""
        state, tuning = self._state, self._tuning
        if self._since_cut <= tuning.fresh:
            return None
        missing = -tuning.far_too_late * state.count_error
        return not state.is_unit_bucket and state.level(sent) < missing

    def _holding(self, sent: float) -> bool:
        """Whether a call sent then should have found a token for sure."""
        return self._excess < self._tuning.small_excess and self._state.holding(sent)

    def _learn(self, lesson: Lesson, ticket: Ticket, now: float, *, expected: bool) -> None:
        state, rate_before, pace = self._state, self._state.bucket.rate, self._rate_at(now)
        refusal = Refusal(
            ticket.number,
            ticket.sent,
            now,
            min(pace, ticket.rate),
            since=self._since_cut,
            chosen=self._ceiling if self._unpaced else None,
            behind=self._single.behind(is_unit=state.is_unit_bucket),
            spaced=self._searches_single,
            alone=not self._searches_single or self._was_alone(ticket),
            tried=self._searches_single and self._excess > 0,
        )
        state.learn(lesson, refusal)
        if lesson is not Lesson.STILL_EMPTY:
            self._cut(now, pace, rate_before, expected=expected)
        self._resume = state.resume
        self._planned = min(self._planned, state.resume - 1 / state.bucket.rate)

    def _cut(self, now: float, pace: float, rate_before: float, *, expected: bool) -> None:
        """Begin anew from what was just learned."""
        state, tuning = self._state, self._tuning
        strays = self._strays.hypothesis is Hypothesis.STRAYS
        if strays and self._since_cut > tuning.fresh:
            state.raise_to(tuning.run_keeps * pace)
        if not expected:  # one lowering is natural below a rate that somebody chose
            least = tuning.lowered * rate_before
            lowered = state.bucket.rate < least < tuning.lowered * self._ceiling
            self._strays.cut(lowered=lowered)
        self._unpaced = False
        self._cut_at = now
        self._since_cut = 0
        self._excess = min(state.excess(), max(0.0, pace / state.bucket.rate - 1))
