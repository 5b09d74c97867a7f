"""What calls prove about a bucket: the truth is in the interval, and nothing claimed beyond."""

import math
from random import Random

import pytest

from batcher.quota.feasible_rates import Call, RateInterval, feasible_rates
from batcher.quota.observation import Observation, Ticket
from batcher.quota.probe import SaturationProbe
from tests.quota.simulation import Simulation, World


class Budgeted(SaturationProbe):
    """A measurement of at most so many calls, which looks as the calibration does."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._left = calls

    def next_send(self, now: float) -> float:
        if self.worth_a_look:
            self.look()
        return super().next_send(now) if self._left and not self.settled else math.inf

    def sent(self, now: float) -> Ticket:
        self._left -= 1
        return super().sent(now)

    def answered(
        self, ticket: Ticket, now: float, observation: Observation, retry_after: float | None = None
    ) -> None:
        took = {Observation.ACCEPTED: True, Observation.THROTTLED: False}.get(observation)
        self.calls.append(Call(ticket.sent, now, took))
        super().answered(ticket, now, observation, retry_after)

    @property
    def proof(self) -> RateInterval | None:
        return feasible_rates(self.calls)


def measured(world: World, seed: int, *, level: float | None = None, calls: int = 200) -> Budgeted:
    probe = Budgeted(calls)
    simulation = Simulation(world, probe, seed=seed)
    simulation.bucket.level = world.burst if level is None else level
    simulation.run()
    probe.look()
    return probe


@pytest.mark.parametrize(
    ("rate", "burst"),
    [(100, 20), (50, 20), (20, 5), (5, 1), (2, 5), (30, 30), (10, 40), (1, 1), (1, 3), (4.5, 9)],
)
def test_a_quota_is_measured_within_two_hundred_calls(rate: float, burst: float) -> None:
    found = measured(World(rate=rate, burst=burst, latency=(0.01, 0.05)), seed=1)
    assert found.settled or found.estimate.doubt < 0.06
    assert len(found.calls) <= 200
    assert abs(found.estimate.rate - rate) <= found.estimate.doubt * rate
    assert found.estimate.burst == pytest.approx(burst, rel=0.1, abs=0.5)


def drawn(random: Random) -> tuple[World, float]:
    rate = math.exp(random.uniform(math.log(0.5), math.log(300)))
    burst = max(1.0, rate * random.choice([0.0, 0.1, 0.2, 0.5, 1.0, 3.0, random.uniform(1, 10)]))
    low = math.exp(random.uniform(math.log(0.005), math.log(0.15)))
    world = World(
        rate=rate,
        burst=burst,
        latency=(low, min(0.2, low * random.uniform(1, 3))),
        before_decision=random.choice([0.0, 0.5, 1.0, random.random()]),
        independent_ways=random.choice([False, True]),
    )
    return world, burst * random.choice([1.0, 1.0, 0.0, random.random()])


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_bucket_and_the_way_to_it_the_truth_is_within_what_is_claimed(
    seed: int,
) -> None:
    world, level = drawn(Random(seed))
    found = measured(world, seed, level=level, calls=100).proof
    if found is not None:
        assert found.low * 0.98 <= world.rate <= found.high * 1.02


@pytest.mark.parametrize(("rate", "burst", "seed"), [(10, 2, 3), (20, 5, 7)])
def test_a_busy_machine_claims_less_and_nothing_that_is_not_so(
    rate: float, burst: float, seed: int
) -> None:
    late = 0.06  # seconds at most: of timers, from a ticket to its send, and after an answer
    world = World(rate=rate, burst=burst, latency=(0.01, 0.01), lateness=late, busy=late)
    found = measured(world, seed, calls=60).estimate
    assert found.is_guess or abs(found.rate - rate) <= max(0.02, found.doubt) * found.rate


def test_what_ran_over_is_not_taken_for_a_lower_rate() -> None:
    """A burst of 20, emptied, left for a second, emptied again: 20 tokens came, 100 may have."""
    calls = [
        Call(at + n / 1000, at + n / 1000, n < 20) for at in (0.0, 1.0, 2.0) for n in range(21)
    ]
    found = feasible_rates(calls)
    assert found is not None
    assert found.low == pytest.approx(20, rel=0.03)
    assert found.high > 100
    assert found.doubt > 0.5


def test_without_a_throttle_or_an_accepted_call_nothing_is_proved() -> None:
    assert feasible_rates([]) is None
    assert feasible_rates([Call(n, n, True) for n in range(9)]) is None
    assert feasible_rates([Call(n, n, False) for n in range(9)]) is None


def test_lost_calls_widen_what_is_claimed_and_hide_nothing() -> None:
    world = World(rate=20, burst=10, latency=(0.02, 0.03))
    clean, lossy = (
        measured(each, 3).proof
        for each in (world, World(rate=20, burst=10, latency=(0.02, 0.03), losses=0.1))
    )
    assert clean is not None
    assert lossy is not None
    assert lossy.low <= 20 <= lossy.high


def test_somebody_else_at_the_same_bucket_costs_certainty() -> None:
    calls = measured(World(rate=20, burst=10, latency=(0.02, 0.03)), 3).calls
    at = next(n for n, call in enumerate(calls) if call.accepted is False)
    stray = [*calls[: at // 2], calls[at // 2]._replace(accepted=False), *calls[at // 2 + 1 :]]
    clean, disturbed = feasible_rates(calls), feasible_rates(stray)
    assert clean is not None
    assert disturbed is None or disturbed.doubt > clean.doubt
