"""What is believed about a quota, and what each throttle does to the belief.

The rate, the burst and how sure they are. No pacing: when requests leave is decided in
``estimator``. What throttles prove is counted in ``throttle_log``, what the bucket should hold is
reckoned in ``bucket_model``.
"""

from enum import Enum

from batcher.quota.bucket_model import BucketModel, BurstEstimator, Latency, UnitBucketSearch
from batcher.quota.throttle_log import ThrottleLog

LOWEST_RATE = 0.02  # per second: a call in 50 s still finds out that a quota came back
FEW_CALLS = 300  # calls a throttle may cost: 1-3 refusals in 300 calls stay under 1 %
# seconds between throttles, where FEW_CALLS take less: jitter makes them cost 3 rather than 1
SHORTEST_CYCLE = 3.0
# calls for each refusal of a search, before the next one is due: they stay under 1 % in a short run
# too
REPAID = 120
REPAID_WITHIN = 600  # calls from the beginning: later it no longer counts what the search cost
# of the cycle, just after a change: what changed once will change again, and 2 % is allowed then
UNREST = 0.3
CALMING = 1.1  # a cycle without a change makes the next this much longer, until it is whole again
# of the rate: by less below a whole number, it was lowered by calls that came early, and is that
# number
NEARLY = 0.015
NO_ROOM = 1.5  # tokens: a smaller burst leaves no room for a cushion


class Phase(Enum):
    RAMP = "ramp"  # nothing was refused yet: ever faster
    SEARCH = "search"  # the rate is known roughly: ever faster, until the next throttle measures it
    HOLD = "hold"  # a little faster than the rate, so that a throttle comes when it is expected


class RateState:
    """Rate, burst and phase of one quota.

    ``throttle_log`` and ``faults`` are fed by the owner, the rest by ``refused``.
    """

    def __init__(self, now: float) -> None:
        self.start = now
        self.throttle_log = ThrottleLog()
        self.latency = Latency()
        self.bucket = BucketModel(now)
        self.drain = BurstEstimator()
        self.unit_bucket = UnitBucketSearch(now)
        self.phase = Phase.RAMP
        self.doubt = 1.0
        self.resume = now  # not before then the cushion is there
        self._calm = 1.0  # UNREST..1: the part of a cycle

    def recall(self, rate: float, burst: float, doubt: float, level: float) -> None:
        """Begin with what was learned earlier."""
        self.bucket.rate, self.bucket.burst = rate, burst
        if self.no_room and 0 < round(rate) - rate < NEARLY * rate:
            self.bucket.rate = float(round(rate))
        self.bucket.known(self.start, 0.0, level)
        self.resume = self.start + max(0.0, 1 - level) / self.bucket.rate
        self.doubt = max(0.03, doubt)  # quotas change between runs: check it soon
        self.phase = Phase.HOLD
        self.unit_bucket.begin(self.bucket.rate)

    @property
    def noise(self) -> float:
        """How far a count of tokens at one moment may be off: a part of a token, and what jitter
        puts out of order.
        """
        return 1 + self.bucket.rate * self.latency.spread

    @property
    def cushion(self) -> float:
        """Tokens to save up after a throttle: that many calls may come early before one is
        refused again.
        """
        most = 0.5 + self.noise if self.phase is Phase.SEARCH else 2 + 2 * self.noise
        return min(max(1.0, self.bucket.burst - 1), most)

    @property
    def cycle(self) -> float:
        """Calls from one expected throttle to the next."""
        refused = self.throttle_log.sent - self.throttle_log.taken
        owed = min(REPAID_WITHIN, REPAID * (refused + 1)) - self.throttle_log.sent
        return self._calm * max(FEW_CALLS, SHORTEST_CYCLE * self.bucket.rate, owed)

    @property
    def no_room(self) -> bool:
        return self.bucket.burst < NO_ROOM

    def level(self, now: float) -> float:
        """Tokens that should be in the bucket, if everything in flight takes one."""
        return self.bucket.level(now, self.throttle_log.taken)

    def holding(self, now: float) -> bool:
        """Whether the bucket should hold tokens for sure, so that a refusal is a surprise."""
        return self.phase is Phase.HOLD and self.level(now) > self.noise

    def search_again(self) -> None:
        """The throttles so far were not of this bucket: what they taught is forgotten, and the
        burst with it.
        """
        self.throttle_log.forget_all_but_newest()
        self.drain = BurstEstimator()
        self.bucket.burst = max(2.0, self.bucket.rate, self.bucket.burst)
        self.phase, self.doubt = Phase.SEARCH, 1.0

    def keep(self, rate: float) -> None:
        """It is not less than that."""
        if self.bucket.rate < rate:
            self.bucket.rate, self.phase, self.doubt = rate, Phase.SEARCH, 1.0

    def excess(self) -> float:
        """The part of the rate to send on top of it: it spends the cushion in a cycle, or sooner
        while in doubt.
        """
        if self.phase is not Phase.HOLD or self.no_room:
            return 0.0
        return max((self.cushion - 1) / self.cycle, min(self.doubt, 0.3))

    def refused(
        self,
        number: int,
        sent: float,
        now: float,
        pace: float,
        *,
        new_event: bool,
        quickly: bool,
        chosen: float | None,
    ) -> None:
        """The request of that number, sent at ``pace``, was refused.

        ``new_event``: it was sent after the last cut; ``quickly``: but few calls after; ``chosen``:
        a rate that somebody chose.
        """
        # of the decision, give or take half the latency, which is the same for all marks
        moment = (sent + now) / 2
        level = self.level(moment) + 1  # with the token that it did not take
        ramping, believed = self.phase is Phase.RAMP, self.bucket.rate
        self.throttle_log.throttled(number, moment, new_event=new_event)
        if new_event:
            self._learn(sent, level, pace, quickly=quickly, chosen=chosen)
        if not self.no_room:
            left = 0.5
        elif ramping:
            left = 0.0
        else:
            left = min(max(0.0, level * self.bucket.rate / believed), 0.97)
        observation = self.throttle_log.newest
        self.bucket.known(observation.time, observation.taken, left)
        self.resume = (
            observation.time + (self.cushion - self.level(observation.time)) / self.bucket.rate
        )
        # the token before this one may have been taken late, and this call come early
        if self.no_room:
            self.resume = max(
                self.resume, self.unit_bucket.next_at(self.bucket.rate) + self.latency.spread
            )

    def _learn(
        self, sent: float, level: float, pace: float, *, quickly: bool, chosen: float | None
    ) -> None:
        doubted = self.doubt
        if self.phase is Phase.RAMP:
            self._guess(chosen)
        elif self.no_room:
            self._search_interval(sent, pace, quickly=quickly)
        elif self.bucket.overflow > self.noise:
            self._after_overflow(level)
        else:
            self._measure()
        self.bucket.rate = max(LOWEST_RATE, min(self.bucket.rate, pace))
        if doubted > 0.02 and (burst := self.drain.burst(self.bucket.rate)) is not None:
            self.bucket.burst = burst

    def _guess(self, chosen: float | None) -> None:
        """The first throttle: two seconds' worth have been drained.

        If it was less, the guess is low, which costs nothing.
        """
        observation = self.throttle_log.newest
        self.drain.ended(observation.time, observation.taken)
        guess = (
            observation.taken / (2 + observation.time - self.start) if chosen is None else chosen
        )
        self.bucket.rate = guess if guess >= 2 else 1.0  # AWS's most common quota for changes
        self.phase = Phase.SEARCH
        self.unit_bucket.begin()

    def _measure(self) -> None:
        """Two throttles, and no overflow in between: the count is the rate."""
        believed, known = self.bucket.rate, len(self.throttle_log)
        measured = self.throttle_log.measure(self.noise)
        changed = len(self.throttle_log) < known and self.doubt < 0.05
        self._calm = UNREST if changed else min(1.0, self._calm * CALMING)
        if measured is None or measured.low <= 0:  # too soon after the last one to count anything
            self.bucket.rate *= 0.8
            self.doubt = 1.0
            self.phase = Phase.SEARCH
            return
        self.bucket.rate, self.doubt = measured.believed()
        gained = (self.bucket.rate - believed) * self.bucket.seconds_known(
            self.throttle_log.newest.time
        )
        may_have_overflown = gained >= self.bucket.burst
        self.phase = Phase.SEARCH if self.doubt >= 0.25 or may_have_overflown else Phase.HOLD

    def _after_overflow(self, level: float) -> None:
        """The bucket was full for a while: only if it emptied too soon after, the rate is lower."""
        self.throttle_log.forget_all_but_newest()
        if level > self.noise:
            self.bucket.rate *= 0.8
            self.phase = Phase.SEARCH

    def _search_interval(self, sent: float, pace: float, *, quickly: bool) -> None:
        self.throttle_log.forget_all_but_newest()
        rate = self.unit_bucket.refused(sent, pace, quickly=quickly)
        if rate is None:
            self.bucket.rate /= 2
            return
        self.bucket.rate, self.doubt, self.phase = rate, 0.01, Phase.HOLD
