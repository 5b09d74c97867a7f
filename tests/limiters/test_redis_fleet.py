"""A fleet of processes: rate, burst and fairness, also with clocks that are wrong."""

import asyncio
import time
from typing import Any

import pytest
from redis.asyncio import Redis

from batcher.accounting.verdicts import Verdict
from batcher.clock import SystemClock
from batcher.errors import SettingsError
from batcher.limiters.redis_fleet import open_redis_fleet
from batcher.logs import logger
from batcher.quota.estimated_quota import EstimatedQuota
from tests.limiters.simulated_fleet import address, joined, worker_process
from tests.servers import Server
from tests.waiting import until

RATE, BURST = 50.0, 10.0
SECONDS = 4.0


async def tokens(process: asyncio.subprocess.Process, until: float) -> list[float]:
    """When its tokens came."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    times = []
    while time.monotonic() < until and await process.stdout.readline():
        times.append(time.monotonic())
    return times


async def test_processes_share_rate_and_burst_fairly_also_when_clocks_are_wrong(
    redis: Server, name: str
) -> None:
    async with (
        worker_process(redis, name, rate=RATE, burst=BURST) as a,
        worker_process(redis, name, rate=RATE, burst=BURST) as b,
        worker_process(redis, name, rate=RATE, burst=BURST, ahead="+3600s") as c,
        worker_process(redis, name, rate=RATE, burst=BURST, ahead="-5s") as d,
    ):
        until = time.monotonic() + SECONDS
        taken = await asyncio.gather(*(tokens(process, until) for process in (a, b, c, d)))
    times = sorted(at for each in taken for at in each)
    seconds = times[-1] - times[0]
    assert RATE * seconds * 0.97 <= len(times) <= RATE * seconds + BURST + 1
    steady = [sum(at > times[0] + 1 for at in each) for each in taken]
    assert max(steady) / min(steady) <= 1.15


async def test_a_process_is_one_member_of_a_bucket_and_none_when_it_has_left(
    redis: Server, name: str, client: Redis
) -> None:
    async def members() -> int:
        return int(await client.zcard(f"batcher:{{{name}}}:workers"))

    opened = open_redis_fleet(address(redis), clock=SystemClock(), log=logger(), warn=pytest.fail)
    async with opened as fleet:
        limiter = fleet.limiter(name, rate=5.0, burst=1.0, share=1.0, remembered=None)
        assert fleet.limiter(name, rate=9.0, burst=1.0, share=1.0, remembered=None) is limiter
        await until(members)
        assert await members() == 1
        assert limiter.settings.rate == 5.0
    assert await members() == 0


async def test_a_url_that_means_no_redis_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="Give redis://HOST:PORT/DB"):
        async with open_redis_fleet(
            "redis://h/x", clock=SystemClock(), log=logger(), warn=pytest.fail
        ):
            pass


async def test_when_the_leader_dies_another_one_leads_within_two_seconds(
    redis: Server, name: str, client: Redis
) -> None:
    key = f"batcher:{{{name}}}:leader"
    known = EstimatedQuota(rate=RATE, burst=50.0, doubt=0.01)
    leader: Any = None

    async def anyone_else_leads() -> bool:
        return await client.get(key) not in (leader, None)

    async with worker_process(redis, name, rate=RATE, burst=BURST) as first:
        leader = await until(lambda: client.get(key))
        async with joined(address(redis), name, rate=RATE, remembered=known) as (limiter,):
            await limiter.acquire()
            assert limiter.workers == 2
            first.kill()
            killed = time.monotonic()
            await until(anyone_else_leads)
            assert time.monotonic() - killed <= 2.2
            for _ in range(3):
                limiter.observe(await limiter.acquire(), Verdict.THROTTLED, None)
            # what is learned now is learned by the new leader
            await until(lambda: limiter.rate != RATE)
            await until(lambda: limiter.workers == 1)  # and the dead one is not counted for long
