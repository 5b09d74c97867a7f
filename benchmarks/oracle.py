"""What a client could do that knows a quota, but not how long its next call takes.

The measure beside which an estimate is held in ``quota_simulation``: a client of the same
simulation that is told rate and burst, and the mean of the latency.
"""

import bisect
import math

from batcher.quota.observation import Observation, Ticket
from tests.quota.simulation import Log, Simulation, World

MARGINS = (
    0.02,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.0,
    4.0,
    8.0,
    16.0,
    32.0,
)  # tokens that it may keep in hand

SLOW = 20  # per second: up to there 2 tokens in hand are enough, and above no less is


class Oracle:
    """Sends when the bucket should hold a token, and ``margin`` tokens, when the call arrives.

    Used as a RateEstimator is. A call that was answered was decided when it was; one under way is
    thought to take the mean of the latency.
    """

    def __init__(self, world: World, margin: float) -> None:
        self.rate = world.rate
        self._burst = max(1.0, world.burst)
        self._margin = margin
        self._before = world.before_decision
        self._there = sum(world.latency) / 2 * world.before_decision
        self._sent = 0
        # the bucket after all calls that are settled, and (decided, number) of those that are not
        self._level, self._at = self._burst, 0.0
        self._open: list[tuple[float, int]] = []
        self._under_way: dict[int, float] = {}

    def next_send(self, now: float) -> float:
        level, at = self._level, self._at
        for decided, _ in self._open:
            if decided > at:
                level, at = min(self._burst, level + self.rate * (decided - at)), decided
            level -= 1
        arrival = max(at, now + self._there)
        level += self.rate * (arrival - at)
        # a bucket that can't hold the margin is given the time in which it would flow in
        missing = 1 + self._margin - level
        if missing <= 1e-9:
            return now
        at = arrival + missing / self.rate - self._there
        return min(at, now + 0.02) if self._under_way else at

    def sent(self, now: float) -> Ticket:
        self._sent += 1
        decided = now + self._there
        bisect.insort(self._open, (decided, self._sent))
        self._under_way[self._sent] = decided
        return Ticket(self._sent, now, self.rate, True, now)

    def answered(self, ticket: Ticket, now: float, observation: Observation) -> None:
        decided = self._under_way.pop(ticket.number)
        self._open.remove((decided, ticket.number))
        if observation is not Observation.THROTTLED:
            exact = ticket.sent + (now - ticket.sent) * self._before
            bisect.insort(self._open, (exact, ticket.number))
        oldest = min(self._under_way.values(), default=math.inf)
        while self._open and self._open[0][0] < oldest - 2 * self._there:
            settled, _ = self._open.pop(0)
            if settled > self._at:
                flowed = self._level + self.rate * (settled - self._at)
                self._level, self._at = min(self._burst, flowed), settled
            self._level -= 1


def oracle(world: World, seconds: float, seed: int) -> Log:
    """The best run of an oracle: the most used, each call that is throttled counting as lost."""
    margins = [margin for margin in MARGINS if margin <= 2 or world.rate > SLOW]
    margins = [margin for margin in margins if margin >= 2 or world.rate <= SLOW]

    def worth(log: Log) -> float:
        return log.used(world.rate, world.burst) - log.throttled_share

    return max(
        (
            Simulation(
                world,
                Oracle(world, margin),
                seed=seed,
                updates=int(world.burst + world.rate * seconds),
            ).run()
            for margin in margins
        ),
        key=worth,
    )
