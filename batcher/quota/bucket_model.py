"""The picture of a token bucket that somebody else keeps: what it should hold now, and how late and
how scattered we see it.

Arithmetic on times and counts only. What throttles prove is counted in ``throttle_log``; how fast
to send is decided in ``estimator``.
"""

MOST_SAMPLES = 64  # at 1.25 calls apart each, they reach past a million calls


class Latency:
    """The time from send to answer, in seconds: running mean and mean deviation, over about 16
    answers.
    """

    def __init__(self) -> None:
        self.mean = 0.0
        self.spread = 0.0
        self._weight = 0

    def later(self, seconds: float) -> float:
        """By how much the next call must leave later than usual, if the token of one that took
        ``seconds`` was taken late.

        The first way may be longer than any other, for a connection is opened: all of it counts.
        """
        return (seconds - self.mean) / 2 + self.spread if self._weight > 1 else seconds

    def add(self, seconds: float) -> None:
        self._weight = min(16, self._weight + 1)
        error = seconds - self.mean
        self.mean += error / self._weight
        if self._weight > 1:
            self.spread += (abs(error) - self.spread) / (self._weight - 1)


class BucketModel:
    """What a bucket of ``rate`` and ``burst`` holds, reckoned from the last moment its level was
    known.

    ``overflow`` counts the tokens that it could not hold since then, if rate and burst are right.
    """

    def __init__(self, now: float) -> None:
        self.rate = 1.0
        self.burst = 1.0
        self.overflow = 0.0
        self._time, self._taken, self._level = now, 0.0, 0.0

    def level(self, now: float, taken: float) -> float:
        """Tokens in it at ``now``, when ``taken`` have been taken since the beginning; negative:
        more than it can give.
        """
        return min(self.burst, self._reckon(now, taken))

    def spill(self, now: float, taken: float) -> None:
        """Note what has run over."""
        if (over := self._reckon(now, taken) - self.burst) > 0:
            self.overflow += over
            self._time, self._taken, self._level = now, taken, self.burst

    def known(self, time: float, taken: float, level: float) -> None:
        """It held ``level`` tokens at ``time``."""
        self.overflow = 0.0
        self._time, self._taken, self._level = time, taken, level

    def seconds_known(self, now: float) -> float:
        """For how long the picture has not been checked."""
        return now - self._time

    def _reckon(self, now: float, taken: float) -> float:
        return self._level + self.rate * (now - self._time) - (taken - self._taken)


class BurstEstimator:
    """The emptying of a full bucket at the beginning, from which its burst is known once its
    rate is.
    """

    def __init__(self) -> None:
        self._samples: list[tuple[float, float]] = []
        self._end: tuple[float, float] | None = None

    def sent(self, now: float, taken: float) -> None:
        """A call leaves; samples are kept ever further apart."""
        if (
            self._end is None
            and taken >= 1.25 ** len(self._samples) - 1
            and len(self._samples) < MOST_SAMPLES
        ):
            self._samples.append((now, taken))

    def ended(self, time: float, taken: float) -> None:
        """The bucket was empty for the first time."""
        self._end = (time, taken)

    def burst(self, rate: float) -> float | None:
        """The burst at that rate: the most that was ever taken beyond what flowed in.

        None: nothing was drained.
        """
        if self._end is None or not self._samples:
            return None
        time, taken = self._end
        beyond = [taken - before - rate * (time - then) for then, before in self._samples]
        if max(beyond) < 0:  # less than flowed in was taken: it was not empty when it refused
            return max(2.0, rate)
        return max(1.0, *beyond)


class UnitBucketSearch:
    """The search for the rate of a bucket that holds but one token.

    It has no room for a cushion: a call that comes early is refused, one that comes late is lost.
    So the interval itself is searched, between one that was accepted and one that was refused.
    """

    def __init__(self, now: float) -> None:
        self._last_accepted = now
        self._good = 0.0
        self._quick = 0

    def begin(self, good: float = 0.0) -> None:
        """Start the search, with a rate that is known to be good or none."""
        self._good = good

    def accepted(self, sent: float) -> None:
        if sent > self._last_accepted:
            self._good = max(self._good, 1 / (sent - self._last_accepted))
            self._last_accepted = sent

    def next_at(self, rate: float) -> float:
        """When a call has to leave to find the next token at that rate, if it takes as long as
        the last that found one.
        """
        return self._last_accepted + 1 / rate

    def refused(self, sent: float, rate: float, *, quickly: bool) -> float | None:
        """The rate to go on with after a refusal at ``rate``, not above it.

        None: no rate is known to be good yet.

        ``quickly``: the refusal before was a few calls ago, so the rate is still well off.
        """
        if self._good == 0:
            return None
        high = min(rate, 1 / max(1e-6, sent - self._last_accepted))
        # quotas are whole numbers; 3 % is what jitter makes of an interval
        number = float(int(1.03 * high))
        fits = number >= 1 and self._good <= 1.03 * number
        if high > 1.03 * self._good and not (fits and number >= rate):
            self._quick = 0
            return number if fits else (self._good + high) / 2
        self._quick = self._quick + 1 if quickly else 0
        lower = min(rate, 1.03 * high) * (1 - min(0.5, 0.004 * 2.0**self._quick))
        self._good = min(self._good, lower)
        return lower
