"""The tokens of one process: an exact ceiling that was asked for, and beneath it the estimate of
what AWS allows.
"""

import anyio
from aiolimiter import AsyncLimiter

from batcher.accounting.verdicts import Verdict
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import Observation, RateEstimator, Ticket
from batcher.quota.probe import SaturationProbe

# seconds by which requests may bunch on the way; the ceiling keeps that much of its burst in hand
JITTER = 0.05
OPENING_AT_MOST = 1.0  # seconds; a first request that hangs does not hold up the others for longer
LATENESS = 0.005  # seconds by which an event loop wakes late; tokens of that long are not lost

_OUTCOMES = {
    Verdict.THROTTLED: Observation.THROTTLED,
    Verdict.LOST: Observation.UNKNOWN,
    Verdict.UNSENT: Observation.UNSENT,
}


def observation_of(verdict: Verdict) -> Observation:
    """What a verdict says about the bucket."""
    return _OUTCOMES.get(verdict, Observation.ACCEPTED)


def capacity(rate: float, burst: float) -> float:
    """Tokens that a ceiling of that burst lets through at once.

    With a burst to spare, JITTER of it stays in hand, so that requests that bunch on the way are
    not throttled; with none, LATENESS is let through, so that a late wake-up loses no token.
    """
    return max(1.0 + LATENESS * rate, burst - max(1.0, JITTER * rate))


class Opening:
    """The first request opens the way (names, connection, SDK): what leaves meanwhile would
    arrive with it as a bunch.
    """

    def __init__(self) -> None:
        self._begun = False
        self._answered = anyio.Event()

    async def wait(self) -> None:
        """Return at once for the first request, for others when it is answered."""
        if self._begun and not self._answered.is_set():
            with anyio.move_on_after(OPENING_AT_MOST):
                await self._answered.wait()

    def begun(self) -> None:
        self._begun = True

    def answered(self) -> None:
        self._answered.set()


class LocalLimiter:
    """One bucket.

    ``rate`` and ``burst`` are a ceiling, None for none; ``estimate`` works beneath it.
    """

    def __init__(
        self,
        estimate: RateEstimator | SaturationProbe,
        *,
        clock: Clock,
        rate: float | None,
        burst: float,
    ) -> None:
        self._estimate = estimate
        self._clock = clock
        self._ceiling = None if rate is None else _bucket(rate, burst)
        self._opening = Opening()

    @property
    def rate(self) -> float | None:
        return self._estimate.rate

    @property
    def own_rate(self) -> float | None:
        return self.rate

    @property
    def learned(self) -> EstimatedQuota:
        """What the estimate knows of the quota by now, for another run to start from."""
        return self._estimate.worth_keeping

    async def acquire(self) -> object:
        if self._ceiling is not None:
            await self._opening.wait()
            await self._ceiling.acquire()
        while (wait := self._estimate.next_send(now := self._clock.now()) - now) > 0:
            # and look again: a throttle may have come in the meantime
            await self._clock.sleep(wait)
        self._opening.begun()
        return self._estimate.sent(now)

    def answered(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        assert isinstance(ticket, Ticket)
        self._opening.answered()
        self._estimate.answered(ticket, self._clock.now(), observation_of(verdict), retry_after)


def _bucket(rate: float, burst: float) -> AsyncLimiter:
    """A bucket of exactly that burst; aiolimiter's own is as large as its rate."""
    most = capacity(rate, burst)
    return AsyncLimiter(most, most / rate)
