"""The bucket of one process: a ceiling kept exactly, and the first request before all others."""

from itertools import pairwise

import anyio
import pytest

from batcher.accounting.verdicts import Verdict
from batcher.limiters.local import WARM_UP_AT_MOST, LocalLimiter, WarmUp, capacity, observation_of
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.observation import Observation
from batcher.testing import LoopClock, in_virtual_time


def limiter_of(rate: float, burst: float) -> LocalLimiter:
    estimate = RateEstimator(now=0.0, ceiling=rate)
    return LocalLimiter(estimate, clock=LoopClock(), rate=rate, burst=burst)


@pytest.mark.parametrize(
    ("rate", "burst", "tokens"),
    [
        (10.0, 1.0, 1.05),  # no burst: 5 ms of 10 a second for a late wake-up
        (10.0, 5.0, 4.0),  # at least one token stays in hand
        (100.0, 50.0, 45.0),  # 50 ms of 100 a second stay in hand
        (1000.0, 1.0, 6.0),
    ],
)
def test_a_ceiling_keeps_a_part_of_its_burst_for_what_bunches_on_the_way(
    rate: float, burst: float, tokens: float
) -> None:
    assert capacity(rate, burst) == pytest.approx(tokens)


@pytest.mark.parametrize(
    ("ceiling", "remembered", "held"),
    [
        (2.0, None, False),
        (2.0, 50.0, False),  # its own rate is below what the quota is known to allow
        (50.0, 2.0, True),
        (None, 2.0, True),
        (None, None, False),  # the quota is yet to be found
    ],
)
def test_the_quota_holds_it_where_that_is_known_and_below_its_own_rate(
    ceiling: float | None, remembered: float | None, *, held: bool
) -> None:
    known = None if remembered is None else EstimatedQuota(rate=remembered, burst=1.0, doubt=0.01)
    estimate = RateEstimator(now=0.0, ceiling=ceiling, remembered=known)
    limiter = LocalLimiter(estimate, clock=LoopClock(), rate=ceiling, burst=1.0)
    assert limiter.at_quota == held

    async def throttled() -> bool:
        for _ in range(5):
            limiter.observe(await limiter.acquire(), Verdict.THROTTLED, None)
        return limiter.at_quota

    assert in_virtual_time(throttled())


@pytest.mark.parametrize(
    ("verdict", "observation"),
    [
        (Verdict.ACCEPTED, Observation.ACCEPTED),
        (Verdict.THROTTLED, Observation.THROTTLED),
        (Verdict.LOST, Observation.UNKNOWN),
        (Verdict.UNSENT, Observation.UNSENT),
        (Verdict.DENIED, Observation.ACCEPTED),  # it took a token to be refused
    ],
)
def test_what_a_verdict_says_about_the_bucket(verdict: Verdict, observation: Observation) -> None:
    assert observation_of(verdict) is observation


def test_a_ceiling_is_never_exceeded_and_used_to_the_full() -> None:
    async def work() -> list[float]:
        limiter, times = limiter_of(20.0, 1.0), []
        while len(times) < 100:
            ticket = await limiter.acquire()
            times.append(anyio.current_time())
            limiter.observe(ticket, Verdict.ACCEPTED, None)
        return times

    times = in_virtual_time(work())
    assert times[-1] - times[0] == pytest.approx(99 / 20, rel=0.02)
    assert all(later - at >= 1 / 20 - 0.006 for at, later in pairwise(times))


def test_others_wait_for_the_first_answer_but_not_for_one_that_hangs() -> None:
    async def wait(warm_up: WarmUp) -> float:
        began = anyio.current_time()
        await warm_up.wait()
        return anyio.current_time() - began

    async def work() -> None:
        warm_up = WarmUp()
        assert await wait(warm_up) == 0.0  # it is the first one
        warm_up.start()
        assert await wait(warm_up) == pytest.approx(WARM_UP_AT_MOST)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, warm_up)
            await anyio.sleep(0.1)
            warm_up.end()
            began = anyio.current_time()
        assert anyio.current_time() - began < 0.01
        assert await wait(warm_up) == 0.0

    in_virtual_time(work())


@pytest.mark.parametrize(("ceiling", "known"), [(10.0, None), (None, 5.0), (20.0, 5.0)])
def test_a_token_is_taken_at_once_exactly_where_waiting_for_it_would_take_no_time(
    ceiling: float | None, known: float | None
) -> None:
    remembered = None if known is None else EstimatedQuota(rate=known, burst=1.0, doubt=0.01)

    async def scenario(*, at_once: bool) -> list[float]:
        estimate = RateEstimator(now=0.0, ceiling=ceiling, remembered=remembered)
        limiter = LocalLimiter(estimate, clock=LoopClock(), rate=ceiling, burst=3.0)
        times = []
        while len(times) < 30:
            began = anyio.current_time()
            ticket = limiter.take() if at_once else None
            if ticket is None:
                ticket = await limiter.acquire()
                assert not at_once or anyio.current_time() > began
            times.append(anyio.current_time())
            limiter.observe(ticket, Verdict.ACCEPTED, None)
        return times

    waited = in_virtual_time(scenario(at_once=False))
    assert in_virtual_time(scenario(at_once=True)) == pytest.approx(waited)
    assert waited[-1] > 1


def test_before_the_first_answer_no_second_token_is_taken() -> None:
    async def scenario() -> None:
        limiter = limiter_of(100.0, 50.0)
        first = limiter.take()
        assert first is not None
        assert limiter.take() is None
        limiter.observe(first, Verdict.ACCEPTED, None)
        assert limiter.take() is not None

    in_virtual_time(scenario())
