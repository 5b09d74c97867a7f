"""The bucket of one process: a ceiling that was asked for, and beneath it the estimated quota."""

import anyio
from aiolimiter import AsyncLimiter

from batcher.accounting.verdicts import Verdict
from batcher.limiters.spaced_starts import SpacedStarts
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.observation import ACCEPTED, Observation, Ticket
from batcher.quota.probe import SaturationProbe

# seconds by which requests may bunch on the way; the ceiling keeps that much of its burst in hand
JITTER = 0.05
# seconds; a first request that hangs does not hold up the others for longer
WARM_UP_AT_MOST = 1.0
LATENESS = 0.005  # seconds by which an event loop wakes late; tokens of that long are not lost

_OBSERVATIONS = {
    Verdict.THROTTLED: Observation.THROTTLED,
    Verdict.LOST: Observation.UNKNOWN,
    Verdict.REDIRECTED: Observation.UNKNOWN,
    Verdict.UNSENT: Observation.UNSENT,
}


def observation_of(verdict: Verdict) -> Observation:
    """What a verdict says about the bucket."""
    return _OBSERVATIONS.get(verdict, ACCEPTED)


def capacity(rate: float, burst: float) -> float:
    """Tokens that a ceiling of that burst lets through at once.

    With a burst to spare, JITTER of it stays in hand, so that requests that bunch on the way are
    not throttled; with none, LATENESS is let through, so that a late wake-up loses no token.
    """
    return max(1.0 + LATENESS * rate, burst - max(1.0, JITTER * rate))


class WarmUp:
    """Holds requests back until the first one is answered, which opens connections for all.

    What leaves meanwhile would wait for name, connection and SDK, and arrive as a bunch.
    ``has_started``: the first request may have left; ``holds``: others have to wait for it.
    """

    def __init__(self) -> None:
        self.has_started = False
        self.holds = False
        self._over: anyio.Event | None = None  # for those who wait

    async def wait(self) -> None:
        """Return at once for the first request, for others when it is answered."""
        if self.holds:
            self._over = self._over or anyio.Event()
            with anyio.move_on_after(WARM_UP_AT_MOST):
                await self._over.wait()

    def start(self) -> None:
        if not self.has_started:
            self.has_started = self.holds = True

    def end(self) -> None:
        self.holds = False
        if self._over is not None:
            self._over.set()
            self._over = None


class LocalLimiter:
    """One bucket.

    ``rate`` and ``burst`` are a ceiling, None for none; ``estimate`` works beneath it. ``starts``:
    what the first request waits for where there is no ceiling; None: for nothing.
    """

    def __init__(
        self,
        estimate: RateEstimator | SaturationProbe,
        *,
        clock: Clock,
        rate: float | None,
        burst: float,
        starts: SpacedStarts | None = None,
    ) -> None:
        self._starts = starts if rate is None else None
        self._estimate = estimate
        self._clock = clock
        self._ceiling = None if rate is None else _bucket(rate, burst)
        self._warm_up = WarmUp()

    @property
    def rate(self) -> float | None:
        return self._estimate.rate

    @property
    def own_rate(self) -> float | None:
        return self.rate

    @property
    def at_quota(self) -> bool:
        return isinstance(self._estimate, RateEstimator) and self._estimate.at_quota

    @property
    def learned(self) -> EstimatedQuota:
        """What the estimate knows of the quota by now, for another run to start from."""
        return self._estimate.to_remember

    def lower(self, rate: float | None, burst: float | None, share: float) -> None:
        """Keep to a lower ceiling, None for none, and to a lower share of the quota from now on."""
        assert isinstance(self._estimate, RateEstimator)
        self._estimate.lower(rate, burst, share)
        self._ceiling = None if rate is None else _bucket(rate, burst or 1.0)

    async def acquire(self, urgency: int = 0) -> object:
        """As the port says; nobody else has this bucket, whatever the urgency."""
        if self._ceiling is not None:
            await self._warm_up.wait()
            await self._due()  # mostly the later one: then there is one wait
            await self._ceiling.acquire()
        elif not self._may_start():
            assert self._starts is not None
            await self._starts.wait()
        now = await self._due()
        self._warm_up.start()
        return self._estimate.sent(now)

    def _may_start(self) -> bool:
        """Whether the first request may leave now, or has left."""
        return self._starts is None or self._warm_up.has_started or self._starts.take()

    async def _due(self) -> float:
        """Wait for the estimate; returns the time."""
        while (wait := self._estimate.next_send(now := self._clock.now()) - now) > 0:
            # and look again: a throttle may have come in the meantime
            await self._clock.sleep(wait)
        return now

    def take(self) -> object | None:
        """As PromptLimiter says."""
        ceiling, warm_up, now = self._ceiling, self._warm_up, self._clock.now()
        if ceiling is not None and (warm_up.holds or not ceiling.has_capacity()):
            return None
        has_started = warm_up.has_started
        if self._estimate.next_send(now) > now or not (has_started or self._may_start()):
            return None
        if ceiling is not None:
            ceiling.fill()
        if not has_started:
            warm_up.start()
        return self._estimate.sent(now)

    def observe(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        assert isinstance(ticket, Ticket)
        if self._warm_up.holds:
            self._warm_up.end()
        self._estimate.answered(ticket, self._clock.now(), observation_of(verdict), retry_after)


class _Bucket(AsyncLimiter):
    """A bucket that can also be filled by who has just seen that there is room in it."""

    def fill(self) -> None:
        self._level += 1.0


def _bucket(rate: float, burst: float) -> _Bucket:
    """A bucket of exactly that burst; aiolimiter's own is as large as its rate."""
    most = capacity(rate, burst)
    return _Bucket(most, most / rate)
