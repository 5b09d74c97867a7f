"""A model of a token bucket that somebody else keeps: what it should hold now.

Arithmetic on times and counts only. What throttles prove is counted in ``throttle_log``; how fast
to send is decided in ``estimator``. Times are seconds, rates tokens per second.
"""

from batcher.quota.tuning import TUNING, BucketTuning


class Latency:
    """The time from send to answer, over the last answers.

    ``mean`` in seconds; ``spread``: its mean deviation, in seconds too.
    """

    def __init__(self, tuning: BucketTuning = TUNING.bucket) -> None:
        self.mean = 0.0
        self.spread = 0.0
        self._most_weight = tuning.latency_answers
        self._weight = 0

    @property
    def answers(self) -> int:
        """How many it is of."""
        return self._weight

    def add(self, seconds: float) -> None:
        """Average in one answer's time."""
        self._weight = min(self._most_weight, self._weight + 1)
        error = seconds - self.mean
        self.mean += error / self._weight
        if self._weight > 1:
            self.spread += (abs(error) - self.spread) / (self._weight - 1)

    def lateness(self, seconds: float) -> float:
        """By how much a token may have been taken later than usual by a call that took so long.

        The first way may be longer than any other, for a connection is opened: all of it counts.
        """
        return (seconds - self.mean) / 2 + self.spread if self._weight > 1 else seconds


class BucketModel:
    """What a bucket of ``rate`` and ``burst`` holds, from the last moment its level was known.

    ``overflow`` counts the tokens that it could not hold since then, if rate and burst are right.
    ``taken`` is always counted from the beginning.
    """

    def __init__(self, now: float) -> None:
        self.rate = 1.0
        self.burst = 1.0
        self.overflow = 0.0
        self._time, self._taken, self._level = now, 0.0, 0.0

    def level(self, now: float, taken: float) -> float:
        """Tokens in it when ``taken`` have been taken; negative: more than it can give."""
        return min(self.burst, self._unbounded(now, taken))

    def note_overflow(self, now: float, taken: float) -> None:
        """Count what has run over by now."""
        if (over := self._unbounded(now, taken) - self.burst) > 0:
            self.overflow += over
            self._time, self._taken, self._level = now, taken, self.burst

    def level_was(self, time: float, taken: float, level: float) -> None:
        """Reckon from now on from ``level`` tokens at ``time``."""
        self.overflow = 0.0
        self._time, self._taken, self._level = time, taken, level

    def seconds_since_known(self, now: float) -> float:
        """For how long the level was only reckoned."""
        return now - self._time

    def _unbounded(self, now: float, taken: float) -> float:
        return self._level + self.rate * (now - self._time) - (taken - self._taken)


class BurstEstimator:
    """The burst, once the rate is known: from how a full bucket was emptied at the beginning."""

    def __init__(self, tuning: BucketTuning = TUNING.bucket) -> None:
        self._tuning = tuning
        self._samples: list[tuple[float, float]] = []
        self._emptied: tuple[float, float] | None = None

    def sent(self, now: float, taken: float) -> None:
        """Note that a call leaves; samples are kept ever further apart."""
        if (
            self._emptied is None
            and taken >= self._tuning.sample_spacing ** len(self._samples) - 1
            and len(self._samples) < self._tuning.samples
        ):
            self._samples.append((now, taken))

    def emptied(self, time: float, taken: float) -> None:
        """Note when the bucket was empty for the first time."""
        self._emptied = (time, taken)

    def forget(self) -> None:
        """Wait for another emptying."""
        self._samples, self._emptied = [], None

    def burst(self, rate: float, behind: float = 0.0) -> float | None:
        """The burst at that rate; None: nothing was emptied.

        The most that was ever taken beyond what flowed in until the bucket was empty. ``behind``:
        tokens that may be missing to what flowed in, where each call leaves a little too late.
        """
        if self._emptied is None or not self._samples:
            return None
        time, taken = self._emptied
        beyond = [taken - before - rate * (time - then) for then, before in self._samples]
        if max(beyond) < -behind:  # less than flowed in was taken: it was not empty when it refused
            return max(self._tuning.likely_burst, rate)
        return max(1.0, *beyond)


class UnitBucketSearch:
    """The search for the rate of a bucket that holds but one token.

    It has no room for a reserve: a call that comes early is refused, one that comes late is lost.
    So the interval itself is searched, between one that was accepted and one that was refused.
    """

    def __init__(self, now: float, tuning: BucketTuning = TUNING.bucket) -> None:
        self._tuning = tuning
        self._last_accepted = now
        self._good_rate = 0.0  # the highest at which a call was accepted; 0: none is known
        self._quick_refusals = 0

    def begin(self, good_rate: float = 0.0) -> None:
        """Start the search, with a rate that is known to be good or none."""
        self._good_rate = good_rate

    def accepted(self, sent: float) -> None:
        """Note that a call which left then found a token."""
        if sent > self._last_accepted:
            self._good_rate = max(self._good_rate, 1 / (sent - self._last_accepted))
            self._last_accepted = sent

    def next_at(self, rate: float) -> float:
        """When a call has to leave to find the next token at that rate.

        Its way is thought to take as long as that of the last one that found a token.
        """
        return self._last_accepted + 1 / rate

    def refused(self, sent: float, rate: float, *, quickly: bool) -> float | None:
        """The rate to go on with after a refusal at ``rate``; None: none is known to be good yet.

        Never above ``rate``. ``quickly``: the refusal before was a few calls ago, so the rate is
        still well off.
        """
        if self._good_rate == 0:
            return None
        jitter, good = self._tuning.jitter, self._good_rate
        high = min(rate, 1 / max(self._tuning.shortest, sent - self._last_accepted))
        whole = float(int(jitter * high))  # quotas are whole numbers
        fits = whole >= 1 and good <= jitter * whole
        if high > jitter * good and not (fits and whole >= rate):
            self._quick_refusals = 0
            return whole if fits else (good + high) / 2
        self._quick_refusals = self._quick_refusals + 1 if quickly else 0
        lower = min(rate, jitter * high) * (1 - self._step)
        self._good_rate = min(good, lower)
        return lower

    @property
    def _step(self) -> float:
        tuning = self._tuning
        return min(tuning.most_step, tuning.step * tuning.step_growth**self._quick_refusals)
