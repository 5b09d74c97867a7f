"""Many targets of one process begin one after the other, and none finds its process late."""

import asyncio
from itertools import pairwise
from typing import Any

import anyio
import pytest

from batcher.accounting.verdicts import Verdict
from batcher.emulator.buckets import Quota, TokenBucket
from batcher.limiters.local import LocalLimiter
from batcher.limiters.spaced_starts import (
    LATE,
    SPACING,
    WAIT_AT_MOST,
    SpacedStarts,
)
from batcher.quota.estimator import RateEstimator
from batcher.testing import LoopClock, in_virtual_time

SECONDS = 40.0


def unknown_quota(starts: SpacedStarts | None) -> LocalLimiter:
    clock = LoopClock()
    estimate = RateEstimator(now=clock.now())
    return LocalLimiter(estimate, clock=clock, rate=None, burst=1.0, starts=starts)


def busy(seconds: float) -> None:
    """Keep the virtual event loop from all else for so long."""
    loop: Any = asyncio.get_running_loop()
    loop.virtual_now += seconds


class Target:
    """A quota of one call a second and one token, and who uses it; times in seconds.

    A first call keeps the process for ``opening``, a connection's time, others for a tenth of that.
    """

    def __init__(self, limiter: LocalLimiter, opening: float) -> None:
        self.limiter = limiter
        self.bucket = TokenBucket(Quota(rate=1.0, burst=1.0), 0.0)
        self.opening = opening
        self.accepted: list[float] = []
        self.throttled = 0

    async def work(self) -> None:
        async with anyio.create_task_group() as tasks:
            while anyio.current_time() < SECONDS:
                tasks.start_soon(self._call, await self.limiter.acquire())

    async def _call(self, ticket: object) -> None:
        busy(self.opening if not self.accepted else self.opening / 10)
        await anyio.sleep(0.02)
        accepted = self.bucket.take(anyio.current_time())
        await anyio.sleep(0.02)
        if accepted:
            self.accepted.append(anyio.current_time())
        self.throttled += not accepted
        verdict = Verdict.ACCEPTED if accepted else Verdict.THROTTLED
        self.limiter.observe(ticket, verdict, None)

    @property
    def used(self) -> float:
        first, last = self.accepted[0], self.accepted[-1]
        return (len(self.accepted) - 1) / (last - first)


@pytest.mark.parametrize("opening", [0.003, 0.01])
def test_many_targets_that_begin_together_find_their_quotas_as_one_alone_does(
    opening: float,
) -> None:
    async def scenario() -> list[Target]:
        starts = SpacedStarts(LoopClock())
        targets = [Target(unknown_quota(starts), opening) for _ in range(150)]
        async with anyio.create_task_group() as tasks:
            for target in targets:
                tasks.start_soon(target.work)
        return targets

    targets = in_virtual_time(scenario())
    assert min(target.used for target in targets) >= 0.9
    assert sum(target.throttled for target in targets) <= 5 * len(targets)


def begun(starts: SpacedStarts, number: int) -> list[float]:
    """When each of so many began that ask at the same time."""

    async def scenario() -> list[float]:
        times = list[float]()

        async def begin() -> None:
            if not starts.take():
                await starts.wait()
            times.append(anyio.current_time())

        async with anyio.create_task_group() as tasks:
            for _ in range(number):
                tasks.start_soon(begin)
        return times

    return in_virtual_time(scenario())


def test_the_first_begins_at_once_and_the_others_one_after_the_other() -> None:
    times = begun(SpacedStarts(LoopClock()), 20)
    assert times[0] == 0.0
    assert all(after - before >= 0.999 * SPACING for before, after in pairwise(times))
    assert times[-1] == pytest.approx(19 * SPACING)


class LateClock(LoopClock):
    """Of a loop that wakes whoever sleeps so many seconds late, so many times."""

    def __init__(self, late: float, times: int) -> None:
        self.late, self.times = late, times

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self.times > 0:
            self.times -= 1
            busy(self.late)


@pytest.mark.parametrize(
    ("late", "times", "turn"),
    [
        (0.0, 9, 0.01),
        (LATE / 2, 9, 0.015),  # as prompt as can be asked for
        (0.012, 1, 0.022 + 0.01),
        (0.012, 2, 2 * 0.022 + 0.01),
        (0.012, 99, 3 * 0.022),  # TURN_AT_MOST has passed
        (1.0, 99, 1.01),
    ],
)
def test_the_next_waits_until_the_loop_is_prompt_but_not_for_long(
    late: float, times: int, turn: float
) -> None:
    assert begun(SpacedStarts(LateClock(late, times)), 2)[1] == pytest.approx(turn)


def test_where_each_turn_takes_long_all_have_begun_after_a_minute() -> None:
    times = begun(SpacedStarts(LateClock(1.0, 10**6)), 200)
    assert WAIT_AT_MOST - 2 <= times[-1] <= WAIT_AT_MOST + 2


def test_who_gives_up_its_turn_holds_nobody_up() -> None:
    starts = SpacedStarts(LoopClock())

    async def scenario() -> float:
        async def given_up() -> None:
            with anyio.move_on_after(SPACING / 2):
                await starts.wait()

        assert starts.take()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(given_up)
            tasks.start_soon(starts.wait)
        return anyio.current_time()

    assert in_virtual_time(scenario()) == pytest.approx(1.5 * SPACING)


def test_only_the_first_request_waits_and_none_that_a_rate_was_asked_for() -> None:
    starts = SpacedStarts(LoopClock())

    async def scenario() -> None:
        asked = RateEstimator(now=0.0, ceiling=5.0)
        limiter = LocalLimiter(asked, clock=LoopClock(), rate=5.0, burst=1.0, starts=starts)
        assert starts.take()
        limiter.observe(await limiter.acquire(), Verdict.ACCEPTED, None)
        assert anyio.current_time() == 0.0
        unknown = unknown_quota(starts)
        assert unknown.take() is None, "it is not its turn"
        await unknown.acquire()
        assert anyio.current_time() == pytest.approx(SPACING)

    in_virtual_time(scenario())
