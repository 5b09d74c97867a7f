"""The tokens of a fleet: a bucket in Redis while it is there, a share of what it gave last while it
is not.

Waiting for one's turn lives here, and changing over between the two; what goes on in the background
is in ``leader``.
"""

from typing import NamedTuple

import anyio
import anyio.lowlevel
import msgspec
from msgspec import Struct
from redis.exceptions import RedisError
from structlog.typing import FilteringBoundLogger

from batcher.accounting.verdicts import Verdict
from batcher.limiters.local import LocalLimiter, Opening, capacity, observation_of
from batcher.limiters.redis_bucket import NO_EPOCH, Beat, News, RedisBucket, Reservation
from batcher.limiters.redis_scripts import CATCH_UP, LOOK
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import Observation, RateEstimator, ramp
from batcher.quota.rate_state import LOWEST_RATE
from batcher.quota.replay import Report
from batcher.resettable_event import ResettableEvent

# Redis is away, or holds what can't be understood
TROUBLE = (RedisError, OSError, msgspec.DecodeError)
LONGEST_SLEEP = 0.2  # seconds after which a reservation far ahead is looked at again
# per second, for all workers together, while no rate was ever known: AWS's most common quota for
# changes
CAUTIOUS = 1.0
ASSUMED_WORKERS = 4  # while their number was never known
# seconds, by a call of its own where none is due: the leader must not be long in learning what is
# accepted
TOLD_WITHIN = 0.1


class Terms(Struct, frozen=True, kw_only=True):
    """What the settings say of a bucket, for all workers together.

    ``remembered``: what earlier runs of this host found.
    """

    rate: float | None
    burst: float
    share: float = 1.0
    remembered: EstimatedQuota | None = None

    def estimate(self, now: float, known: EstimatedQuota | None) -> RateEstimator:
        return RateEstimator(now=now, ceiling=self.rate, share=self.share, remembered=known)


class Sent(NamedTuple):
    """A request on its way with a token of the shared bucket; ``left`` in local time."""

    reservation: Reservation
    left: float


class SentAlone(NamedTuple):
    """One with a token of the worker's own share."""

    limiter: LocalLimiter
    ticket: object


class SharedLimiter:
    """One bucket that workers share. Reserves one token at a time, in the order of asking.

    A reservation belongs to the limiter: whoever asks next uses what a cancelled waiter left.
    """

    def __init__(
        self, bucket: RedisBucket, terms: Terms, *, clock: Clock, log: FilteringBoundLogger
    ) -> None:
        self.terms = terms
        self.bucket = bucket
        self.clock = clock
        self.log = log.bind(bucket=bucket.name)
        self.workers = ASSUMED_WORKERS
        self.learned = terms.remembered or EstimatedQuota(rate=LOWEST_RATE)
        self.urgent = ResettableEvent()  # a throttle is to be told of
        self._rate: float | None = None  # as published; 0: nothing is held back
        self._epoch = NO_EPOCH
        self._line = anyio.Lock()
        self._opening = Opening()
        self._held: Reservation | None = None
        self._due = 0.0  # when what is held may leave
        self._sure = False  # whether what is held is so near that it can't become void
        self._told: list[tuple[Sent, float, Observation, float | None]] = []
        self._own: LocalLimiter | None = None
        self._lost_at = self._not_before = 0.0
        self._turn: anyio.CancelScope | None = None

    def __repr__(self) -> str:
        rate = "?" if self.rate is None else f"{self.rate:.3g}/s"
        where = "together" if self._own is None else "alone"
        return f"<SharedLimiter {self.bucket.name} {rate} {where}, {self.workers} workers>"

    @property
    def rate(self) -> float | None:
        """Of all workers together; alone, of this one."""
        if self._own is not None:
            return self._own.rate
        return self._rate or self.terms.rate

    @property
    def own_rate(self) -> float | None:
        """The part of it that this worker may expect, if all have something to send."""
        if self._own is not None or self.rate is None:
            return self.rate
        return self.rate / max(1, self.workers)

    @property
    def away(self) -> bool:
        """Whether Redis is, so that this worker goes on alone."""
        return self._own is not None

    async def acquire(self) -> object:
        async with self._line:
            await self._opening.wait()
            while True:
                with anyio.CancelScope() as self._turn:  # ends when Redis goes away or comes back
                    ticket = await (
                        self._together() if self._own is None else self._alone(self._own)
                    )
                    self._opening.begun()
                    return ticket

    def answered(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        self._opening.answered()
        if isinstance(ticket, SentAlone):
            ticket.limiter.answered(ticket.ticket, verdict, retry_after)
            return
        assert isinstance(ticket, Sent)
        self._tell(ticket, observation_of(verdict), retry_after)

    # with the others

    async def _together(self) -> Sent:
        while True:
            # its waiter was cancelled
            if self._held is not None and self.clock.now() > self._due + CATCH_UP:
                self._tell(Sent(self._held, self._due), Observation.UNSENT, None)
                self._held = None
            if self._held is None or not self._sure:
                await self._reserve()
            wait = self._due - self.clock.now()
            if self._held is not None and self._sure:
                return await self._use(self._held, wait)
            await self.clock.sleep(min(wait - LOOK if self._held else wait, LONGEST_SLEEP))

    async def _use(self, reservation: Reservation, wait: float) -> Sent:
        if wait > 0:
            await self.clock.sleep(wait)
        self._held = None
        return Sent(reservation, self.clock.now())

    async def _reserve(self) -> None:
        """Reserve the next token, or look again at what is held.

        Shielded: a reply nobody reads is a token lost.
        """
        ceiling = self.terms.rate
        with anyio.CancelScope(shield=True):
            try:
                answer = await self.bucket.ask(
                    self.news(),
                    otherwise=self._otherwise,
                    ceiling=ceiling,
                    capacity=1.0 if ceiling is None else capacity(ceiling, self.terms.burst),
                    held=self._held,
                )
            except TROUBLE as error:
                self.lose(error)
        if self._own is not None:
            await anyio.lowlevel.checkpoint()  # where the turn ends
        self._epoch, self._rate = answer.epoch, answer.rate
        self._held = answer if answer.number else None
        self._due = self.clock.now() + answer.wait
        self._sure = answer.wait <= LOOK

    @property
    def _otherwise(self) -> float:
        """The rate to ask at while none is published."""
        if self._rate is not None:
            return self._rate
        if not self.learned.is_guess:
            return self.learned.rate
        return 0.0 if self.terms.rate is not None else ramp(0)

    def _tell(self, sent: Sent, outcome: Observation, retry_after: float | None) -> None:
        self._told.append((sent, self.clock.now(), outcome, retry_after))
        if outcome is Observation.THROTTLED:
            self.urgent.set()

    def overdue(self) -> bool:
        """Whether something should have been told by now."""
        return bool(self._told) and self._told[0][1] < self.clock.now() - TOLD_WITHIN

    def news(self) -> News:
        """What is to be told with the next call; it is told once."""
        told, now = (
            [each for each in self._told if each[0].reservation.epoch == self._epoch],
            self.clock.now(),
        )
        self._told.clear()
        throttled = [
            sent.reservation.cut for sent, _, outcome, _ in told if outcome is Observation.THROTTLED
        ]
        reports = [
            Report(sent.reservation.number, now - sent.left, now - answered, outcome, retry_after)
            for sent, answered, outcome, retry_after in told
        ]
        return News(epoch=self._epoch, throttled=max(throttled, default=-1), reports=reports)

    def heard(self, beat: Beat) -> None:
        """Note how things stand."""
        self._epoch, self.workers = beat.epoch, beat.workers
        self._rate = beat.rate if beat.rate is not None else self._rate
        self.learned = beat.learned or self.learned

    # alone

    async def _alone(self, own: LocalLimiter) -> SentAlone:
        await self.clock.sleep(max(0.0, self._not_before - self.clock.now()))
        return SentAlone(own, await own.acquire())

    @property
    def share(self) -> float:
        """Requests per second of this worker while Redis is away."""
        learned, ceiling = self.learned, self.terms.rate
        if not learned.is_guess or learned.burst is not None:
            rate = learned.rate * self.terms.share
        else:
            rate = max(CAUTIOUS, learned.rate) if ceiling is None else ceiling
        return (rate if ceiling is None else min(rate, ceiling)) / max(1, self.workers)

    def lose(self, error: BaseException) -> None:
        """Redis is away: go on alone, from an empty bucket."""
        if self._own is not None:
            return
        share, now = self.share, self.clock.now()
        self.log.warning(
            "limiter.redis_away", reason=str(error), rate=round(share, 3), workers=self.workers
        )
        self._own = LocalLimiter(
            RateEstimator(now=now, ceiling=share), clock=self.clock, rate=share, burst=1.0
        )
        self._lost_at, self._not_before = now, now + 1 / share
        self._held = None
        self._told.clear()
        self._end_turn()

    def rejoin(self) -> None:
        """Redis is back: go on with the others."""
        if self._own is not None:
            self.log.warning(
                "limiter.redis_back",
                seconds=round(self.clock.now() - self._lost_at, 3),
                workers=self.workers,
            )
            self._own = None
            self._end_turn()

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
