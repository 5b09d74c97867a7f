"""The tokens of a fleet: from a bucket in Redis, and while Redis is away from a local share of it.

Waiting for one's turn lives here, and changing over between the two; heartbeats and leading are in
``leader``.
"""

from typing import NamedTuple

import anyio
import anyio.lowlevel
import msgspec
from redis.exceptions import RedisError
from structlog.typing import FilteringBoundLogger

from batcher.accounting.verdicts import Verdict
from batcher.limiters.bucket_settings import BucketSettings, lower_of
from batcher.limiters.local import LocalLimiter, WarmUp, observation_of
from batcher.limiters.local_share import ASSUMED_WORKERS, LocalShare
from batcher.limiters.redis_bucket import HeartbeatReply, RedisBucket, Reservation
from batcher.limiters.redis_scripts import CATCH_UP, FINAL_WITHIN
from batcher.limiters.reports import NO_EPOCH, Answer, Reports, SharedTicket, UnreportedAnswers
from batcher.limiters.sent_rate import SentRate
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.observation import Observation
from batcher.quota.ramp import ramp
from batcher.quota.tuning import TUNING
from batcher.redis_client import redis_error_text
from batcher.resettable_event import ResettableEvent

# Redis is away, or holds what can't be understood
REDIS_ERRORS = (RedisError, OSError, msgspec.DecodeError)
LONGEST_SLEEP = 0.2  # seconds after which a reservation far ahead is looked at again


class LocalTicket(NamedTuple):
    """A request on its way with a token of the worker's own share."""

    limiter: LocalLimiter
    ticket: object


class SharedLimiter:
    """One bucket that workers share. Reserves one token at a time, in the order of asking.

    It asks with the highest urgency of all that wait, as who is in front holds up the others.
    A reservation belongs to the limiter: whoever asks next uses what a cancelled waiter left.
    """

    def __init__(
        self,
        bucket: RedisBucket,
        settings: BucketSettings,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self.settings = settings
        self.bucket = bucket
        self.clock = clock
        self.log = log.bind(bucket=bucket.name)
        self.workers = ASSUMED_WORKERS
        self.learned = settings.remembered or EstimatedQuota(rate=TUNING.rate.lowest)
        self.throttled = ResettableEvent()  # a throttle has to be reported
        self._published_rate: float | None = None  # 0: nothing is held back
        self._epoch = NO_EPOCH
        self._turns = anyio.Lock()
        self._asking: list[int] = []  # the urgencies of all that wait
        self._warm_up = WarmUp()
        self._reservation: Reservation | None = None
        self._due = 0.0  # when the reservation may be used
        self._is_final = False  # whether the reservation is so near that it can't become void
        self._unreported = UnreportedAnswers()
        self._local: LocalLimiter | None = None  # while Redis is away
        self._lost_at = self._not_before = 0.0
        self._alone = LocalShare()
        self._halved = 0  # how often what is taken alone was halved
        self._turn: anyio.CancelScope | None = None
        self.sent = SentRate()

    def __repr__(self) -> str:
        rate = "?" if self.rate is None else f"{self.rate:.3g}/s"
        where = "together" if self._local is None else "alone"
        return f"<SharedLimiter {self.bucket.name} {rate} {where}, {self.workers} workers>"

    @property
    def rate(self) -> float | None:
        """Of all workers together; alone, of this one."""
        if self._local is not None:
            return self._local.rate
        return lower_of(self._published_rate or None, self._alone.lowest(self.settings))

    @property
    def own_rate(self) -> float | None:
        """The part of ``rate`` that this worker may expect, if all have something to send."""
        if self._local is not None or self.rate is None:
            return self.rate
        return self.rate / max(1, self.workers)

    @property
    def at_quota(self) -> bool:
        if self._local is not None:
            return self._local.at_quota
        rate, ceiling = self._published_rate, self.settings.rate
        if not rate or self.learned.is_guess:
            return False
        return ceiling is None or rate < ceiling

    @property
    def away(self) -> bool:
        """Whether Redis is, so that this worker goes on alone."""
        return self._local is not None

    async def acquire(self, urgency: int = 0) -> object:
        self._asking.append(urgency)
        try:
            async with self._turns:
                await self._warm_up.wait()
                while True:
                    # the turn ends when Redis goes away or comes back
                    with anyio.CancelScope() as self._turn:
                        if self._local is None:
                            ticket: object = await self._acquire_shared()
                        else:
                            ticket = await self._acquire_local(self._local)
                        self._warm_up.start()
                        self.sent.add(self.clock.now())
                        return ticket
        finally:
            self._asking.remove(urgency)

    def observe(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        self._warm_up.end()
        if isinstance(ticket, LocalTicket):
            ticket.limiter.observe(ticket.ticket, verdict, retry_after)
            return
        assert isinstance(ticket, SharedTicket)
        observation = observation_of(verdict)
        self._unreported.add(Answer(ticket, self.clock.now(), observation, retry_after))
        if observation is Observation.THROTTLED:
            self.throttled.set()

    # from the shared bucket

    async def _acquire_shared(self) -> SharedTicket:
        while True:
            # its waiter was cancelled
            if self._reservation is not None and self.clock.now() > self._due + CATCH_UP:
                unused = _ticket(self._reservation, self._due)
                self._unreported.add(Answer(unused, self.clock.now(), Observation.UNSENT))
                self._reservation = None
            if self._reservation is None or not self._is_final:
                await self._reserve()
            wait = self._due - self.clock.now()
            if self._reservation is not None and self._is_final:
                return await self._use(self._reservation, wait)
            look_in = wait - FINAL_WITHIN if self._reservation else wait
            await self.clock.sleep(min(look_in, LONGEST_SLEEP))

    async def _use(self, reservation: Reservation, wait: float) -> SharedTicket:
        if wait > 0:
            await self.clock.sleep(wait)
        self._reservation = None
        return _ticket(reservation, self.clock.now())

    async def _reserve(self) -> None:
        """Reserve the next token, or look again at what is held.

        Shielded: a reply nobody reads is a token lost.
        """
        with anyio.CancelScope(shield=True):
            try:
                answer = await self.bucket.reserve(
                    self.take_reports(),
                    unpublished_rate=self._unpublished_rate,
                    ceiling=self.settings.rate,
                    capacity=self.settings.capacity,
                    held=self._reservation,
                    urgency=max(self._asking, default=0),
                )
            except REDIS_ERRORS as error:
                self.fall_back(error)
        if self._local is not None:
            await anyio.lowlevel.checkpoint()  # where the turn ends
        self._epoch, self._published_rate = answer.epoch, answer.rate
        self._reservation = answer if answer.number else None
        self._due = self.clock.now() + answer.wait
        self._is_final = answer.wait <= FINAL_WITHIN

    @property
    def _unpublished_rate(self) -> float:
        """The rate to ask at while none is published."""
        if self._published_rate is not None:
            return self._published_rate
        if not self.learned.is_guess:
            return self.learned.rate
        return 0.0 if self.settings.rate is not None else ramp(0)

    @property
    def told_share(self) -> float:
        """The part of a ceiling that this worker was told it may take alone; 0: none was yet."""
        return self._alone.told_share

    def report_is_due(self) -> bool:
        """Whether an answer should have been reported by now."""
        return self._unreported.is_due(self.clock.now())

    def take_reports(self) -> Reports:
        """What is to be reported with the next call; it is reported once."""
        return self._unreported.take(self._epoch, self.clock.now())

    def take_reply(self, reply: HeartbeatReply, asked_at: float) -> None:
        """Note what a heartbeat brought, and when it was sent."""
        self._epoch, self.workers = reply.epoch, reply.workers
        self._alone.told(reply, asked_at, self.clock.now())
        self._published_rate = reply.rate if reply.rate is not None else self._published_rate
        self.learned = reply.learned or self.learned

    # from the local share

    async def _acquire_local(self, local: LocalLimiter) -> LocalTicket:
        await self.clock.sleep(max(0.0, self._not_before - self.clock.now()))
        return LocalTicket(local, await local.acquire())

    @property
    def local_rate(self) -> float:
        """Requests per second of this worker while Redis is away."""
        return self._alone.rate(self.clock.now(), self.learned, self.settings, self.workers)

    def fall_back(self, error: BaseException) -> None:
        """Go on alone, from an empty bucket: Redis is away.

        Of a ceiling nothing is taken until the others have noticed.
        """
        now = self.clock.now()
        halvings = self._alone.halvings(now, self.settings)
        if self._local is None:
            self._lost_at = now
        elif self._halved == halvings:
            return
        self._halved, rate = halvings, self.local_rate
        self.log.warning(
            "limiter.redis_away",
            reason=redis_error_text(error),
            rate=round(rate, 3),
            workers=self.workers,
        )
        self._local = LocalLimiter(
            RateEstimator(now=now, ceiling=rate), clock=self.clock, rate=rate, burst=1.0
        )
        self._not_before = self._alone.begins_at(now, self.settings) + 1 / rate
        self._reservation = None
        self._unreported.clear()
        self._end_turn()

    def rejoin(self) -> None:
        """Go on with the others, if Redis was away."""
        if self._local is not None:
            self.log.warning(
                "limiter.redis_back",
                seconds=round(self.clock.now() - self._lost_at, 3),
                workers=self.workers,
            )
            self._local = None
            self._end_turn()

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.cancel()


def _ticket(reservation: Reservation, left: float) -> SharedTicket:
    return SharedTicket(reservation.epoch, reservation.number, reservation.cut, left)
