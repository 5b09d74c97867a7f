"""What is known of a quota, and what each throttle teaches about it.

The rate, the burst and how sure they are. No pacing: when requests leave is decided in
``estimator``. What throttles prove is counted in ``throttle_log``, what the bucket should hold is
reckoned in ``bucket_model``, and the rate of one that holds one token is searched in
``unit_search``; which lesson a throttle teaches is decided in ``throttle_meaning``.
"""

from typing import NamedTuple

from batcher.quota.bucket_model import BucketModel, BurstEstimator, Latency
from batcher.quota.rate_bounds import RateBounds
from batcher.quota.throttle_log import MeasuredRate, ThrottleLog
from batcher.quota.throttle_meaning import Lesson, Phase
from batcher.quota.tuning import TUNING, Tuning
from batcher.quota.unit_search import UnitBucketSearch


class Refusal(NamedTuple):
    """A request that was throttled: when it left and was answered, at which pace (per second).

    ``since``: calls accepted since the last cut; ``chosen``: a rate that somebody chose, None:
    nobody did; ``behind``: see BurstEstimator; ``spaced``: the calls were spaced for a bucket of
    one token whose rate is searched; ``alone``, ``tried``: see UnitBucketSearch.
    """

    number: int
    sent: float
    answered: float
    pace: float
    since: int
    chosen: float | None
    behind: float = 0.0
    spaced: bool = False
    alone: bool = True
    tried: bool = False


class RateState:
    """Rate, burst and phase of one quota.

    ``throttle_log``, ``latency``, ``burst_estimator`` and ``unit_search`` are told of sends and
    answers by the owner; ``learn`` is for throttles.
    """

    def __init__(self, now: float, tuning: Tuning = TUNING) -> None:
        self.start = now
        self.throttle_log = ThrottleLog(tuning.log)
        self.rate_bounds = RateBounds(self.throttle_log, tuning.bounds)
        self._deviations = tuning.bounds.deviations
        self.latency = Latency(tuning.bucket)
        self.bucket = BucketModel(now)
        self.burst_estimator = BurstEstimator(tuning.bucket)
        self.unit_search = UnitBucketSearch(now, tuning.unit_search)
        self.phase = Phase.RAMP
        self.doubt = 1.0
        self.resume = now  # when the reserve is there
        self._tuning, self._likely_burst = tuning.rate, tuning.bucket.likely_burst
        self._cycle_part = 1.0  # of a whole cycle, as long as changes are likely

    def recall(self, rate: float, burst: float, doubt: float, level: float) -> None:
        """Begin with what was learned earlier, and so many tokens."""
        self.bucket.rate, self.bucket.burst = rate, burst
        short = round(rate) - rate
        if self.is_unit_bucket and 0 < short < self._tuning.nearly_whole * rate:
            self.bucket.rate = float(round(rate))
        self.bucket.level_was(self.start, 0.0, level)
        self.resume = self.start + max(0.0, 1 - level) / self.bucket.rate
        self.doubt = max(self._tuning.recalled_doubt, self._likely_doubt(doubt))
        self.phase = Phase.HOLD
        self.unit_search.begin(self.bucket.rate)

    def _likely_doubt(self, doubt: float) -> float:
        """How far off the rate is likely to be, of which it is proved that it is no further off."""
        likeliest, surer = MeasuredRate.within(self.bucket.rate, doubt).likeliest()
        return surer if likeliest == self.bucket.rate else doubt

    @property
    def is_unit_bucket(self) -> bool:
        """Whether it holds but one token, so that there is no room for a reserve."""
        return self.bucket.burst < self._tuning.unit_burst

    @property
    def is_unlikely(self) -> bool:
        """Whether the rate is lower than quotas are, so that others may have taken tokens."""
        return self.bucket.rate < self._tuning.commonest

    @property
    def count_error(self) -> float:
        """Tokens by which a count at one moment may be off: what jitter puts out of order, too."""
        return self._tuning.count_error + self.bucket.rate * self.latency.spread

    @property
    def reserve(self) -> float:
        """Tokens to save up after a throttle: so many calls may come early and find one."""
        tuning = self._tuning
        if self.phase is Phase.SEARCH or self.is_unlikely:
            most = tuning.search_reserve + self.count_error
        else:
            most = tuning.hold_reserve + tuning.hold_reserve_errors * self.count_error
        return min(max(1.0, self.bucket.burst - 1), most)

    @property
    def cycle(self) -> float:
        """Accepted calls from one expected throttle to the next."""
        tuning, log = self._tuning, self.throttle_log
        refused = log.sent - log.taken
        owed = min(tuning.early_calls, tuning.calls_per_refusal * (refused + 1)) - log.sent
        whole = max(tuning.cycle_calls, tuning.cycle_seconds * self.bucket.rate, owed)
        return self._cycle_part * whole

    @property
    def proved_doubt(self) -> float:
        """How far the truth may be from the rate at most, as a part of it; 1.0: nobody knows."""
        low, high = self.rate_bounds.bounds(self.bucket.rate, self._time_error)
        return min(1.0, max(high / self.bucket.rate - 1, 1 - low / self.bucket.rate))

    @property
    def _time_error(self) -> float:
        return self._deviations * self.latency.spread

    def level(self, now: float) -> float:
        """Tokens that should be in the bucket, if everything in flight takes one."""
        return self.bucket.level(now, self.throttle_log.taken)

    def holding(self, now: float) -> bool:
        """Whether the bucket should hold tokens for sure, so that a refusal is a surprise."""
        return self.phase is Phase.HOLD and self.level(now) > self.count_error

    def excess(self) -> float:
        """The share of the rate to send on top of it.

        Spends the reserve in a cycle, or sooner while in doubt.
        """
        if self.phase is not Phase.HOLD or self.is_unit_bucket:
            return 0.0
        return max((self.reserve - 1) / self.cycle, min(self.doubt, self._tuning.most_excess))

    def search_again(self) -> None:
        """Forget what throttles taught that were none of this bucket, and the burst with it."""
        self.throttle_log.forget_all_but_newest()
        self.burst_estimator.forget()
        self.bucket.burst = max(self._likely_burst, self.bucket.rate, self.bucket.burst)
        self.phase, self.doubt = Phase.SEARCH, 1.0

    def reckon_burst(self, behind: float = 0.0) -> None:
        """The burst anew, from how it was first emptied; ``behind``: see BurstEstimator."""
        burst = self.burst_estimator.burst(self.bucket.rate, behind)
        self.bucket.burst = self.bucket.burst if burst is None else burst

    def higher(self, rate: float) -> float:
        """The rate to go on with for a bucket of one token; itself: none is known to be good."""
        if self.unit_search.begins_anew:
            return max(rate, self._tuning.commonest)
        return self.unit_search.higher(rate)

    def suppose_one_token(self) -> None:
        """Go on as if the bucket held one token, where nothing was seen of what it holds."""
        self.bucket.burst = 1.0

    def raise_to(self, rate: float) -> None:
        """Go on with that rate where the known one is lower."""
        if self.bucket.rate < rate:
            self.bucket.rate, self.phase, self.doubt = rate, Phase.SEARCH, 1.0

    def learn(self, lesson: Lesson, refusal: Refusal) -> None:
        """Learn a lesson, other than NOTHING, from a throttle."""
        # of the decision, give or take half the latency, which is the same for all
        moment = (refusal.sent + refusal.answered) / 2
        level = self.level(moment) + 1  # with the token that it did not take
        rate_before = self.bucket.rate
        new_event = lesson is not Lesson.STILL_EMPTY
        self.throttle_log.throttled(refusal.number, moment, new_event=new_event)
        if new_event:
            self.rate_bounds.throttled(
                refusal.number, moment, rate=rate_before, error=self._time_error
            )
            self._revise(lesson, refusal, level)
        elif self.burst_estimator.refused(refusal.number):
            self.reckon_burst()
        if not self.is_unit_bucket:
            left = self._tuning.tokens_left
        elif lesson is Lesson.FIRST_GUESS:
            left = 0.0
        else:
            part = max(0.0, level * self.bucket.rate / rate_before)
            left = min(part, self._tuning.most_tokens_left)
        self._empty(left)
        if refusal.spaced and self.is_unit_bucket and lesson is not Lesson.FIRST_GUESS:
            self.resume = self.unit_search.retry_at(refusal.sent, self.bucket.rate)

    def _revise(self, lesson: Lesson, refusal: Refusal, level: float) -> None:
        doubt_before = self.doubt
        match lesson:
            case Lesson.FIRST_GUESS:
                self._guess(refusal.chosen)
            case Lesson.INTERVAL:
                self._search_interval(refusal)
            case Lesson.OVERFLOWED:
                self._after_overflow(level)
            case Lesson.COUNT:
                self._count()
        self.bucket.rate = max(self._tuning.lowest, min(self.bucket.rate, refusal.pace))
        if doubt_before > self._tuning.burst_doubt:
            self.reckon_burst(refusal.behind)

    def _empty(self, left: float) -> None:
        """The bucket held ``left`` tokens at the newest empty moment."""
        moment = self.throttle_log.newest
        self.bucket.level_was(moment.time, moment.taken, left)
        missing = self.reserve - self.level(moment.time)
        self.resume = moment.time + missing / self.bucket.rate
        # the token before this one may have been taken late, and this call come early
        if self.is_unit_bucket:
            next_at = self.unit_search.next_at(self.bucket.rate) + self.latency.spread
            self.resume = max(self.resume, next_at)

    def _guess(self, chosen: float | None) -> None:
        """If the burst was less than two seconds' worth the guess is low, which costs nothing."""
        tuning, moment = self._tuning, self.throttle_log.newest
        self.burst_estimator.emptied(moment.time, moment.taken, moment.number)
        guess = chosen
        if guess is None:
            guess = moment.taken / (tuning.guess_seconds + moment.time - self.start)
            guess = guess if guess >= tuning.least_guess else tuning.commonest
        self.bucket.rate = guess
        self.phase = Phase.SEARCH
        self.unit_search.begin()

    def _search_interval(self, refusal: Refusal) -> None:
        """The bucket holds one token: go on with the interval between good and refused."""
        self.throttle_log.forget_all_but_newest()
        rate = self.unit_search.refused(
            refusal.sent,
            refusal.pace,
            since=refusal.since,
            alone=refusal.alone,
            tried=refusal.tried,
        )
        if rate is None:
            least = min(self.bucket.rate, self._tuning.unproved)
            self.bucket.rate = max(least, self.bucket.rate / 2)
            return
        self.bucket.rate, self.doubt = rate, self._tuning.interval_doubt
        self.phase = Phase.HOLD

    def _after_overflow(self, level: float) -> None:
        """The bucket was full for a while: only if it emptied too soon after, the rate is lower."""
        self.throttle_log.forget_all_but_newest()
        if level > self.count_error:
            self._lower()

    def _count(self) -> None:
        """Two throttles, and no overflow in between: the count is the rate."""
        tuning, rate_before, known = self._tuning, self.bucket.rate, len(self.throttle_log)
        measured = self.throttle_log.measure(self.count_error)
        changed = len(self.throttle_log) < known and self.doubt < tuning.known_doubt
        grown = min(1.0, self._cycle_part * tuning.cycle_growth)
        self._cycle_part = tuning.cycle_after_change if changed else grown
        if measured is None or measured.low <= 0:  # too soon after the last one to count anything
            self._lower()
            self.doubt = 1.0
            return
        self.bucket.rate, self.doubt = measured.likeliest()
        seconds = self.bucket.seconds_since_known(self.throttle_log.newest.time)
        may_have_overflowed = (self.bucket.rate - rate_before) * seconds >= self.bucket.burst
        unsure = self.doubt >= tuning.search_doubt or may_have_overflowed
        self.phase = Phase.SEARCH if unsure else Phase.HOLD

    def _lower(self) -> None:
        self.bucket.rate *= self._tuning.lowered
        self.phase = Phase.SEARCH
