"""Several pacers at one limiter: one waits for a token, the others in order of their urgency."""

from collections import Counter

import anyio

from batcher.accounting.verdicts import Verdict
from batcher.emulator.buckets import Quota, TokenBucket
from batcher.engine.pacing import Pacer
from batcher.limiters.local import LocalLimiter
from batcher.limiters.turns import InTurns
from batcher.quota.estimator import RateEstimator
from batcher.testing import LoopClock, in_virtual_time


def turns(rate: float = 1.0) -> InTurns:
    estimate = RateEstimator(now=0.0, ceiling=rate)
    return InTurns(LocalLimiter(estimate, clock=LoopClock(), rate=rate, burst=1.0))


def test_the_most_urgent_has_the_next_token_and_of_equals_who_came_first() -> None:
    limiter, order = turns(), list[str]()

    async def taken(name: str, urgency: int) -> None:
        limiter.observe(await limiter.acquire(urgency), Verdict.ACCEPTED, None)
        order.append(name)

    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:
            for name, urgency in [("at once", 0), ("a", 0), ("b", 0), ("urgent", 9), ("c", 0)]:
                tasks.start_soon(taken, name, urgency)

    in_virtual_time(scenario())
    assert order == ["at once", "a", "urgent", "b", "c"], "a had the turn when the urgent came"


def test_who_is_cancelled_while_waiting_or_with_the_turn_holds_nobody_up() -> None:
    limiter, left = turns(), list[float]()

    async def scenario() -> None:
        clock = LoopClock()

        async def given_up(after: float) -> None:
            with anyio.move_on_after(after):
                await limiter.acquire()

        async def taken() -> None:
            await limiter.acquire()
            left.append(clock.now())

        limiter.observe(await limiter.acquire(), Verdict.ACCEPTED, None)
        began = clock.now()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(given_up, 0.5)  # has the turn
            tasks.start_soon(given_up, 0.2)  # waits for it
            tasks.start_soon(taken)
        assert left[0] - began <= 1.1, "the token of a second is not lost"
        assert repr(limiter).endswith("0 waiting>")

    in_virtual_time(scenario())


def test_two_targets_on_one_bucket_use_it_whole_and_are_rarely_throttled() -> None:
    """5 a second, burst 5: what each of them thought to be a quota of its own was a fight."""
    bucket, seconds, latency = TokenBucket(Quota(rate=5, burst=5), 0.0), 600.0, 0.05
    outcomes = Counter[tuple[str, Verdict]]()

    async def scenario() -> None:
        clock = LoopClock()
        shared = InTurns(
            LocalLimiter(RateEstimator(now=clock.now()), clock=clock, rate=None, burst=1.0)
        )
        end = clock.now() + seconds

        async def requests(target: str, pacer: Pacer) -> None:
            while clock.now() < end:
                permit = await pacer.enter(begun=False, must_finish=False)
                await anyio.sleep(latency)
                passed = bucket.take(clock.now())
                verdict = Verdict.ACCEPTED if passed else Verdict.THROTTLED
                outcomes[target, verdict] += 1
                pacer.leave(permit, verdict, None)

        async with anyio.create_task_group() as tasks:
            for target in "ab":
                pacer = Pacer(shared, 4, clock)
                for _ in range(8):
                    tasks.start_soon(requests, target, pacer)

    in_virtual_time(scenario())
    accepted = [outcomes[target, Verdict.ACCEPTED] for target in "ab"]
    throttled = sum(outcomes[target, Verdict.THROTTLED] for target in "ab")
    assert sum(accepted) >= 0.97 * 5 * seconds
    assert throttled <= 0.02 * sum(accepted)
    assert min(accepted) >= 0.45 * sum(accepted), "neither gets in the other's way"
