"""A bucket of one token: no call comes before it is there, and as little as can be is lost."""

import statistics

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.quota.bucket_model import Latency
from batcher.quota.estimator import RateEstimator
from batcher.quota.observation import Observation
from batcher.quota.single_token import ShortestLatency, SingleToken
from tests.quota.simulation import Log, Simulation, Tenant, World

SECONDS = 60.0


def known(seconds: float) -> ShortestLatency:
    shortest = ShortestLatency()
    shortest.add(seconds, 0.0)
    return shortest


def minute(world: World, quota: RateEstimator, seed: int = 0) -> Log:
    return Simulation(world, quota, seed=seed, stop=SECONDS).run()


def asked(rate: float, burst: float | None = 1, **more: ShortestLatency) -> RateEstimator:
    return RateEstimator(now=0.0, ceiling=rate, burst=burst, **more)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    rate=st.floats(0.2, 2.0),
    least=st.floats(0.005, 0.2),
    times=st.floats(1, 4),
    there=st.floats(0, 1),
    ways=st.booleans(),
    busy=st.floats(0, 0.1),
    seed=st.integers(0, 1000),
)
def test_where_the_shortest_latency_is_known_no_call_is_refused_however_they_vary(
    rate: float, least: float, times: float, there: float, ways: bool, busy: float, seed: int
) -> None:
    world = World(
        rate=rate,
        burst=1,
        latency=(least, least * times),
        before_decision=there,
        independent_ways=ways,
        busy=busy,
    )
    log = minute(world, asked(rate, shortest=known(least)), seed)
    assert log.throttled == []
    # what an interval loses: what its answer took longer than the shortest one, at first all of it
    latest = least * times + 2 * busy
    lost = latest - least + world.lateness
    assert len(log.accepted) >= (SECONDS - 10 * latest) / (1 / rate + lost) - 1


@pytest.mark.parametrize(
    ("burst", "least", "refused"),
    [
        (1, 0.97, 0.7),  # said: spaced from the first call on
        (None, 0.955, 1.5),  # not said: the first refusal shows it
    ],
)
def test_a_quota_of_one_a_second_and_one_token_is_nearly_all_used(
    burst: float | None, least: float, refused: float
) -> None:
    for ways in (False, True):
        world = World(
            rate=1, burst=1, latency=(0.02, 0.05), independent_ways=ways, front=(1, 1.005)
        )
        logs = [minute(world, asked(1.0, burst), seed) for seed in range(8)]
        # of the 60 tokens of a minute one is there at its beginning
        assert statistics.mean(len(log.accepted) / SECONDS for log in logs) >= least
        assert statistics.mean(len(log.throttled) for log in logs) <= refused


@pytest.mark.parametrize("rate", [1.0, 5.0])
def test_a_rate_with_more_tokens_than_were_spoken_of_is_not_slowed(rate: float) -> None:
    world = World(rate=rate, burst=5, front=(rate, 1 + 0.005 * rate))
    log = minute(world, asked(rate, None))
    assert log.throttled == []
    assert len(log.accepted) >= 0.995 * rate * SECONDS


def test_a_rate_that_is_too_high_is_not_kept_to_for_long() -> None:
    """Of 60 calls that are asked for, 30 and the burst can be; a third of all is refused."""
    world = World(rate=0.5, burst=5, front=(1, 1.005))
    log = minute(world, asked(1.0))
    assert len(log.accepted) >= 0.9 * 35
    assert len(log.throttled) <= 25


# accepted, and refused, in a minute by the same seeds where no bucket of one token is supposed
@pytest.mark.parametrize(
    ("given_rate", "rate", "burst", "accepted", "refused"),
    [
        (1, 0.5, 1, 26.7, 14.7),
        (1, 0.9, 1, 48.3, 3.8),
        (1, 0.25, 1, 14.0, 10.0),
        (2, 1, 5, 62.3, 4.1),
        (5, 3, 1, 148.6, 71.6),
        (5, 1, 1, 58.8, 10.5),
    ],
)
@pytest.mark.parametrize("said", [None, 1])
def test_a_rate_that_is_too_high_is_found_to_be_so_as_soon_as_without_the_supposition(
    given_rate: float, rate: float, burst: float, accepted: float, refused: float, said: float
) -> None:
    front = (given_rate, 1 + 0.005 * given_rate)
    world = World(rate=rate, burst=burst, latency=(0.02, 0.05), front=front)
    logs = [minute(world, asked(given_rate, said), seed) for seed in range(12)]
    assert statistics.mean(len(log.accepted) for log in logs) >= 0.975 * accepted
    assert statistics.mean(len(log.throttled) for log in logs) <= refused + 2


def test_who_takes_half_of_the_tokens_gets_them() -> None:
    world = World(rate=1, burst=1, front=(1, 1.005), tenants=(Tenant(start=5, stop=55, rate=0.5),))
    logs = [minute(world, asked(1.0), seed) for seed in range(16)]
    assert statistics.mean(len(log.tenant) for log in logs) >= 0.3 * 50
    assert statistics.mean(len(log.accepted) for log in logs) >= 15


def test_a_call_that_hangs_holds_back_the_next_for_two_seconds_only() -> None:
    quota = asked(1.0)
    quota.sent(0.0)
    waits = [0.0]
    while (at := quota.next_send(waits[-1])) > waits[-1]:
        waits.append(at)
    assert waits[-1] == pytest.approx(3.0, abs=0.03)


def test_a_late_answer_moves_the_next_call_and_a_quick_one_does_not() -> None:
    quota = asked(1.0, shortest=known(0.02))
    for _ in range(40):  # until the shortest is believed
        at = quota.next_send(0.0)
        quota.answered(quota.sent(at), at + 0.02, Observation.ACCEPTED)
    sent = quota.next_send(0.0)
    for latency in (0.02, 0.3):
        quota.answered(quota.sent(sent), sent + latency, Observation.ACCEPTED)
        following = quota.next_send(sent + latency)
        assert following - sent == pytest.approx(1 + latency - 0.02, abs=0.002)
        sent = following


@pytest.mark.parametrize(
    ("ceiling", "burst", "said"),
    [
        (1, 1, True),
        (2, 1, True),
        (2.1, 1, False),
        (1, 2, False),
        (1, None, False),
        (None, 1, False),
    ],
)
def test_a_low_rate_with_a_burst_of_one_is_taken_for_the_quota(
    ceiling: float | None, burst: float | None, said: bool
) -> None:
    assert SingleToken(ceiling, burst, ShortestLatency()).is_said is said


@pytest.mark.parametrize(
    ("ceiling", "accepted", "supposed"), [(5, 3, True), (5, 9, False), (6, 3, False)]
)
def test_an_early_refusal_at_a_low_rate_says_so_too(
    ceiling: float, accepted: int, supposed: bool
) -> None:
    single = SingleToken(ceiling, None, ShortestLatency())
    single.refused(accepted, 0)
    assert single.is_supposed is supposed


def test_refusals_one_after_the_other_say_that_the_rate_is_lower() -> None:
    single = SingleToken(1, 1, ShortestLatency())
    for since in (0, 20, 8):
        single.refused(30, since)
        assert single.is_supposed
    single.refused(30, 7)
    assert not single.is_supposed


def test_what_is_much_of_an_interval_is_not_waited_for() -> None:
    single, latency = SingleToken(5, 1, known(0.05)), Latency()
    latency.add(0.05)
    assert single.lateness(latency, 0.05, 0.2) == pytest.approx(0.05)
    latency.add(0.25)
    assert single.lateness(latency, 0.25, 0.2) is None
    assert single.lateness(latency, 0.25, 1.0) is not None


def test_the_shortest_latency_is_forgotten_when_the_way_becomes_longer() -> None:
    shortest = ShortestLatency()
    for now in range(300):
        shortest.add(0.02 if now < 100 else 0.05, now)
    assert shortest.seconds == 0.05
