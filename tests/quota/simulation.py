"""A server with a token bucket, and a client that sends as the estimate says, in virtual time.

A heap of events stands for the clock: an hour passes in a second, and a seed repeats a run exactly.
What happens here follows the issue's words on the server; nothing here knows how the estimate
works.
"""

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from batcher.quota.estimator import RateEstimator
from batcher.quota.observation import Observation, Ticket
from batcher.quota.probe import SaturationProbe


class Bucket:
    """A token bucket that starts full; a refused call takes nothing."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = max(1.0, burst)
        self.level = self.burst
        self.at = 0.0

    def take(self, now: float) -> bool:
        self._fill(now)
        if self.level < 1:
            return False
        self.level -= 1
        return True

    def change(self, now: float, rate: float, burst: float) -> None:
        self._fill(now)
        self.rate = rate
        self.burst = max(1.0, burst)
        self.level = min(self.level, self.burst)

    def wait(self, now: float) -> float:
        """Seconds until a call would be accepted."""
        self._fill(now)
        return max(0.0, (1 - self.level) / self.rate)

    def _fill(self, now: float) -> None:
        if now > self.at:
            self.level = min(self.burst, self.level + self.rate * (now - self.at))
            self.at = now


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """Somebody else at the same bucket, who sends evenly and retries what is refused."""

    start: float
    stop: float
    rate: float


@dataclass(frozen=True, kw_only=True)
class Change:
    """The quota becomes another at ``at``."""

    at: float
    rate: float
    burst: float


@dataclass(frozen=True, kw_only=True)
class World:
    """A server and the way to it; times in seconds, ``latency``: of the round trip, from and to."""

    rate: float
    burst: float
    latency: tuple[float, float] = (0.02, 0.08)
    before_decision: float = 0.5  # the part of the latency that passes before the bucket decides
    independent_ways: bool = False  # the way there says nothing about the way back
    lateness: float = 0.003  # a send leaves up to this much after the time it was planned for
    # on a busy machine up to so much passes from a ticket to its send, and after an answer
    busy: float = 0.0
    # (from, to, seconds): meanwhile up to so much more passes on each way
    late: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tenants: tuple[Tenant, ...] = ()
    changes: tuple[Change, ...] = ()
    faults: float = 0.0  # share of accepted calls that answer InternalServerException
    losses: float = 0.0  # share of calls whose connection is lost before or after the decision
    spurious: float = 0.0  # share of calls that are throttled whatever the bucket holds
    slots: int = 10_000  # calls in flight at most
    front: tuple[float, float] | None = None  # an exact bucket (rate, burst) before the estimate
    stalls: tuple[tuple[float, float], ...] = ()  # (from, to): nothing to send


@dataclass(slots=True)
class Log:
    """What happened: times of decision, by outcome, and of sends."""

    sent: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    throttled: list[float] = field(default_factory=list)
    tenant: list[float] = field(default_factory=list)
    rates: list[tuple[float, float]] = field(default_factory=list)
    delivered: int = 0  # updates that were answered as done
    unfinished: int = 0
    raised: float = 0.0  # the largest part by which a throttle raised the rate

    @property
    def throttled_share(self) -> float:
        return len(self.throttled) / max(1, len(self.sent))

    def used(self, rate: float, burst: float) -> float:
        """The part of the quota that was used: what it gave, over what one bucket can give."""
        return (len(self.accepted) - burst) / rate / max(1e-9, self.sent[-1] - self.sent[0])

    def accepted_between(self, start: float, stop: float) -> int:
        return sum(start <= at < stop for at in self.accepted)

    def throttled_between(self, start: float, stop: float) -> float:
        refused = sum(start <= at < stop for at in self.throttled)
        return refused / max(1, refused + self.accepted_between(start, stop))


class Simulation:
    """One run of ``updates`` updates (or until ``stop``) through an estimate against a world."""

    def __init__(
        self,
        world: World,
        quota: RateEstimator | SaturationProbe,
        *,
        seed: int,
        updates: int = 10**9,
        stop: float = 1e9,
    ) -> None:
        self.world = world
        self.quota = quota
        self.log = Log()
        self.bucket = Bucket(world.rate, world.burst)
        self._front = Bucket(*world.front) if world.front else None
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._waiting = updates
        self._in_flight = 0
        self._asleep = False
        self._stop = stop

    def run(self) -> Log:
        self._at(0.0, self._awake)
        for tenant in self.world.tenants:
            self._at(tenant.start, lambda now, tenant=tenant: self._tenant(now, tenant))
        for change in self.world.changes:
            self._at(change.at, lambda now, c=change: self.bucket.change(now, c.rate, c.burst))
        while self._events and (self._waiting or self._in_flight):
            now, _, event = heapq.heappop(self._events)
            if now > self._stop:
                break
            event(now)
        self.log.unfinished = self._waiting + self._in_flight
        return self.log

    @property
    def timeline(self) -> tuple[list[tuple[float, int, Callable[[float], None]]], "count[int]"]:
        """What is to happen, and in which order at the same time."""
        return self._events, self._order

    def join(self, other: "Simulation") -> None:
        """Use the bucket of another one, whose ``run`` runs both."""
        self.bucket = other.bucket
        self._events, self._order = other.timeline
        self._at(0.0, self._awake)

    def _at(self, when: float, event: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), event))

    def _wake(self, when: float) -> None:
        if not self._asleep:
            self._asleep = True
            self._at(when, self._awake)

    def _awake(self, now: float) -> None:
        self._asleep = False
        while self._waiting and self._in_flight < self.world.slots:
            for start, stop in self.world.stalls:
                if start <= now < stop:
                    return self._wake(stop)
            if self._front and (pause := self._front.wait(now)) > 0:
                return self._wake(now + pause + 1e-9)
            if (at := self.quota.next_send(now)) > now:
                return self._wake(at + self._random.uniform(0, self.world.lateness))
            self._send(now)
        return None

    def _send(self, now: float) -> None:
        if self._front:
            self._front.take(now)
        self._waiting -= 1
        self._in_flight += 1
        ticket = self.quota.sent(now)
        self.log.sent.append(now)
        low, high = self.world.latency
        there = self._random.uniform(low, high)
        back = self._random.uniform(low, high) if self.world.independent_ways else there
        there, back = there * self.world.before_decision, back * (1 - self.world.before_decision)
        if self.world.busy:
            there += self._random.uniform(0, self.world.busy)
            back += self._random.uniform(0, self.world.busy)
        begin, end, seconds = self.world.late
        if begin <= now < end:
            there += self._random.uniform(0, seconds)
            back += self._random.uniform(0, seconds)
        if self._random.random() < self.world.losses / 2:
            self._at(
                now + there, lambda then: self._answer(then, ticket, Observation.UNKNOWN, False)
            )
        else:
            self._at(now + there, lambda then: self._decide(then, ticket, back))

    def _decide(self, now: float, ticket: Ticket, back: float) -> None:
        stray = self.world.spurious > 0 and self._random.random() < self.world.spurious
        accepted = not stray and self.bucket.take(now)
        (self.log.accepted if accepted else self.log.throttled).append(now)
        observation = Observation.ACCEPTED if accepted else Observation.THROTTLED
        done = accepted and self._random.random() >= self.world.faults
        if self._random.random() < self.world.losses / 2:
            observation, done = Observation.UNKNOWN, False
        self._at(now + back, lambda then: self._answer(then, ticket, observation, done))

    def _answer(self, now: float, ticket: Ticket, observation: Observation, done: bool) -> None:
        self._in_flight -= 1
        if done:
            self.log.delivered += 1
        else:
            self._waiting += 1
        self.quota.next_send(now)  # so that both rates are of this moment
        before = self.quota.rate
        self.quota.answered(ticket, now, observation)
        if observation is Observation.THROTTLED:
            self.log.raised = max(self.log.raised, self.quota.rate / before - 1)
        self.log.rates.append((now, self.quota.rate))
        self._wake(now)

    def _tenant(self, now: float, tenant: Tenant) -> None:
        if now >= tenant.stop:
            return
        self._tenant_call(now, tenant.stop)
        self._at(now + 1 / tenant.rate, lambda then: self._tenant(then, tenant))

    def _tenant_call(self, now: float, stop: float) -> None:
        if self.bucket.take(now):
            self.log.tenant.append(now)
        elif now < stop:
            self._at(
                now + self._random.uniform(0.1, 0.4), lambda then: self._tenant_call(then, stop)
            )


def busy_world(random: random.Random) -> World:
    """A small or a large quota, any way to it, sends up to 50 ms late, answers that are lost."""
    slowest, fastest = math.log(0.5), math.log(300)
    rate = random.choice([1, 2, 5, round(math.exp(random.uniform(0, fastest)))])
    if random.random() < 0.25:
        rate = math.exp(random.uniform(slowest, fastest))
    bursts = random.choice([random.uniform(0.2, 1), 1, random.uniform(1, 3), 3])
    few = random.choice([1.0, 1.0, 2.0, 3.0])
    low = math.exp(random.uniform(math.log(0.005), math.log(0.3)))
    return World(
        rate=rate,
        burst=few if random.random() < 0.3 else max(1.0, rate * bursts),
        latency=(low, low * random.uniform(1, 3)),
        before_decision=random.choice([0, 0.5, 1, random.random()]),
        independent_ways=random.choice([False, True]),
        lateness=random.choice([0.003, 0.05]),
        busy=random.choice([0, 0.05]),
        losses=random.choice([0, 0, 0.03]),
    )
