"""The search for the rate of a bucket that holds but one token. No I/O or clock.

It has no room for a reserve: a call that comes early is refused, one that comes late is lost. So
the interval itself is searched, between one that was surely too short and one that was long enough.
A call that was on its way alone says when it took its token, give or take what it was late. What
was late proves little, and moves the rate little; so a rate is not lowered for long by throttles
that were seen while answers were late.
"""

import math

from batcher.quota.tuning import TUNING, UnitSearchTuning


class UnitBucketSearch:
    """The rate of a bucket of one token, between one that is good and one that is too high.

    ``late``, in seconds: how much later than it left a call may have taken its token, apart from
    what the way takes at least. ``alone``: no other call was on its way, which may have taken one.
    ``tried``: the rate was a higher one than was found, to see whether it is good. ``begins_anew``:
    somebody else took all tokens until now, so that no rate is known.
    """

    def __init__(self, now: float, tuning: UnitSearchTuning = TUNING.unit_search) -> None:
        self._tuning = tuning
        self._last_sent = now  # of the calls that found a token
        self._last_late = 0.0
        self._low = 0.0  # so much per second is good; 0: nothing is known
        self._high = math.inf  # so much is too high
        self._refused_at = now
        self._confirmed = 0  # refusals of higher rates in succession, that said the same
        self._refusals = 0  # in succession, where a token should have been there
        self._quick_refusals = 0
        self._gone = math.inf  # the least rate that the last refused call says to be too high
        # rates, least and most, that explain when the last tokens came, all late; and how many
        self._slower = 0.0, math.inf
        self._slow_tokens = 0
        self._careful = 0  # calls that are still to leave when a token is surely there
        self._care = tuning.careful  # so many after the next that came too early
        self._doubtful = 0.0  # refusals that prove nothing, less calls that were accepted
        self._in_vain = 0  # refusals while no rate was known to be good
        self._has_taken = False  # a call was accepted, so that it is known since when there is none
        self._set_aside = math.inf  # a rate that is too high if the next call is refused, too
        self.begins_anew = False  # such refusals said nothing of the quota, as is known by now

    def begin(self, good_rate: float = 0.0) -> None:
        """Start the search, with a rate that is known to be good or none."""
        self._low, self._high = good_rate, math.inf
        self._in_vain = 0

    def accepted(self, sent: float, late: float = 0.0, *, alone: bool = True) -> None:
        """Note that a call which left then found a token."""
        if self._doubtful:
            self._doubtful = max(0.0, self._doubtful - 1)
        if self._careful:
            self._careful -= 1
        if sent <= self._last_sent:
            self._has_taken = True
            return
        good = 1 / (sent + late - self._last_sent)
        self._set_aside = math.inf
        self.begins_anew = self._low == 0 and self._in_vain >= self._tuning.in_vain
        if self.begins_anew:
            self._begin_anew()
        if self._refusals and alone:
            self._note_late(good)
        else:
            self._slow_tokens = 0
        if alone and good > self._low:
            self._low = good
        if self._low > self._high:  # the quota has grown, or others have left
            self._high = math.inf
        self._last_sent, self._last_late, self._refusals = sent, late, 0
        self._has_taken = True

    def _begin_anew(self) -> None:
        """So many were refused since the search began that somebody else is likely to take all."""
        is_sure = not self._has_taken or self._in_vain >= self._tuning.in_vain_surely
        self._set_aside, self._high = math.inf if is_sure else self._high, math.inf

    def _note_late(self, good: float) -> None:
        """Note that a token came late, at ``good`` or a little more per second."""
        least, most = self._slower
        if self._slow_tokens == 0 or good >= most or least >= self._gone:
            least, most, self._slow_tokens = 0.0, math.inf, 0
        self._slower = max(least, good), min(most, self._gone)
        self._slow_tokens += 1

    def next_at(self, rate: float) -> float:
        """When a call has to leave to find the next token at that rate.

        Its way is thought to take as long as that of the last one that found a token.
        """
        return self._last_sent + 1 / rate

    def retry_at(self, sent: float, rate: float) -> float:
        """When to call again after a call that left at ``sent`` was refused at ``rate``.

        When the token is surely there, at a good rate if that is near. Where it should have been
        there somebody else has taken it, so a part of an interval later, which grows.
        """
        tuning = self._tuning
        good = min(rate, self._low) if self._is_near(rate) else rate
        at = self._last_sent + self._last_late + 1 / good
        if at > sent:
            return at
        return sent + tuning.retry * tuning.retry_growth**self._refusals / rate

    def is_bold(self, rate: float) -> bool:
        """Whether the next call may leave when a token is likely to be there, if not for sure."""
        return self._careful == 0 and self._is_near(rate)

    def _is_near(self, rate: float) -> bool:
        """Whether the good rate is about as high as this one, or as one that is too high."""
        return self._tuning.near * self._low >= min(self._high, rate)

    def _was_early(self, high: float, rate: float) -> bool:
        """Whether a refused call left before a token was surely there, as it was allowed to."""
        return self.is_bold(rate) and high > self._tuning.early * rate

    def higher(self, rate: float) -> float:
        """The rate to go on with, where calls at this one find their tokens; itself: none."""
        if self._low > self._tuning.jitter * rate:
            return self._low
        is_whole = rate >= 1 and rate == int(rate) and self._high <= rate + 1
        if math.isinf(self._high) or is_whole:
            return rate
        found = self._between(max(rate, self._low), self._high)
        return found if found > self._tuning.jitter * rate else rate

    def is_overdue(self, rate: float, now: float) -> bool:
        """Whether no call was refused for so long that a higher rate than this may be good now."""
        tuning = self._tuning
        is_near = tuning.nearly * rate <= self._low and self._high <= tuning.narrow * rate
        is_sure = rate >= 1 and rate == int(rate) and is_near
        seconds = tuning.sure_seconds if is_sure else tuning.seconds
        often = tuning.seconds_growth ** max(0, self._confirmed - 1)
        return now - self._refused_at > min(tuning.longest, seconds * often)

    def is_surprise(
        self, sent: float, rate: float, *, alone: bool = True, tried: bool = False
    ) -> bool:
        """Whether a call that left then at ``rate`` should find a token for sure."""
        high = self._too_high(sent, alone=alone)
        is_about = max(high, rate) <= self._tuning.jitter * self._low
        is_about &= not tried and not self._was_early(high, rate)
        return self._low > 0 and (high <= self._low or is_about)

    def may_be_stray(
        self, sent: float, rate: float, *, alone: bool = True, tried: bool = False
    ) -> bool:
        """Whether such a refusal is a surprise, and not explained by a quota that has fallen."""
        has_fallen = self._slow_tokens >= self._tuning.alike
        return not has_fallen and self.is_surprise(sent, rate, alone=alone, tried=tried)

    def refused(
        self, sent: float, rate: float, *, since: int, alone: bool = True, tried: bool = False
    ) -> float | None:
        """The rate to go on with after a refusal at ``rate``; None: none is known to be good yet.

        Never above ``rate``. ``since``: calls accepted since the refusal before.
        """
        high = self._too_high(sent, alone=alone)
        if self.is_surprise(sent, rate, alone=alone, tried=tried):
            # one alone may be stray, or somebody else's
            self._refused_at = sent if self._refusals else self._refused_at
            return min(rate, self._lowered(rate, high, since))
        self._refused_at = sent
        high, self._set_aside = min(high, self._set_aside), math.inf
        self._high = min(self._high, high)
        if self._low == 0:
            self._in_vain += 1
            return None
        if not tried and self._was_early(high, rate):
            self._careful, self._care = self._care, 2 * self._care
            if high <= self._tuning.jitter * rate:
                return rate
        if not tried and high > self._tuning.jitter * rate:
            return self._doubted(rate)
        self._quick_refusals = 0
        found = min(rate, self._between(self._low, min(rate, high)))
        self._confirmed = self._confirmed + 1 if found <= self._tuning.near * self._low else 0
        return found

    def _too_high(self, sent: float, *, alone: bool) -> float:
        """The least rate that is too high if a call that left then is refused."""
        gap = sent - self._last_sent - self._last_late
        return 1 / gap if alone and gap > self._tuning.shortest else math.inf

    def _lowered(self, rate: float, high: float, since: int) -> float:
        """A rate below one that was good: the quota has fallen, or somebody else takes tokens."""
        tuning = self._tuning
        self._refusals += 1
        self._confirmed = 0
        self._gone = high
        least, most = self._slower
        if self._slow_tokens >= tuning.alike and least < high:
            self._low, self._high, self._slow_tokens = least, min(high, most), 0
            return self._between(self._low, self._high)
        if self._refusals >= tuning.many:
            self._low = math.sqrt(self._low * max(high, self._low / tuning.fallen))
        elif self._refusals == 1:
            quickly = since < tuning.quickly
            self._quick_refusals = self._quick_refusals + 1 if quickly else 0
            self._high = high
            # calls that were accepted since say how far off it can be
            lower = high * (1 - min(self._step, tuning.most_step / (1 + since)))
            if lower > self._low:  # a refusal proves nothing good
                return self._between(self._low, min(rate, high))
            self._low = lower
        return self._low

    def _doubted(self, rate: float) -> float:
        """The rate after a call that may have come early; as many say that it is too high."""
        self._doubtful += 1
        if self._doubtful < self._tuning.doubtful:
            return rate
        self._doubtful = 0.0
        return self._tuning.lowered * rate

    def _between(self, low: float, high: float) -> float:
        """A rate between a good one and one that is too high.

        Quotas are whole numbers, or one call in whole seconds.
        """
        middle = (low + high) / 2
        round_rate = round(middle) if middle >= 1 else 1 / round(1 / middle)
        fits = low <= self._tuning.jitter * round_rate and round_rate < high
        is_likely = round_rate >= 1 or high < self._tuning.slow * low
        return float(round_rate) if fits and is_likely else middle

    @property
    def _step(self) -> float:
        tuning = self._tuning
        return min(tuning.most_step, tuning.step * tuning.step_growth**self._quick_refusals)
