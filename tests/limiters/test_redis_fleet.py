"""A fleet of processes: rate, burst and fairness, also with clocks that are wrong."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
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
from tests.scripted_redis import bulk, scripted_redis
from tests.servers import Server, running_cluster
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
    # each waits for one token of every other; a process that the host lets wait asks less often
    waits = [median(b - a for a, b in pairwise(each) if a > times[0] + 1) for each in taken]
    assert max(waits) / min(waits) <= 1.15


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


async def test_its_members_are_told_of_all_its_buckets_together_and_of_none_without_redis(
    redis: Server, name: str
) -> None:
    opened = open_redis_fleet(address(redis), clock=SystemClock(), log=logger(), warn=pytest.fail)
    async with (
        opened as fleet,
        open_redis_fleet(
            address(redis), clock=SystemClock(), log=logger(), warn=pytest.fail
        ) as other,
    ):
        for bucket in ("a", "b"):
            for each in (fleet, other):
                each.limiter(name + bucket, rate=90.0, burst=9.0, share=1.0, remembered=None)
        limiter = other.limiter(name + "a", rate=90.0, burst=9.0, share=1.0, remembered=None)
        for _ in range(9):
            limiter.observe(await limiter.acquire(), Verdict.ACCEPTED, None)

        async def are_known() -> bool:
            found = await fleet.members() or []
            return len(found) == 2 and any((each.rate or 0) > 0 for each in found)

        await until(are_known)
        mine, theirs = sorted(await fleet.members() or [], key=lambda member: not member.is_self)
        assert (mine.is_self, theirs.is_self) == (True, False)
        assert mine.rate == 0
        assert theirs.rate is not None
        assert 0 < theirs.rate <= 0.9
    assert await fleet.members() is None


async def test_a_url_that_means_no_redis_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="Give redis://HOST:PORT/DB"):
        async with open_redis_fleet(
            "redis://h/x", clock=SystemClock(), log=logger(), warn=pytest.fail
        ):
            pass


async def test_the_lower_rate_of_two_targets_with_one_bucket_counts(
    redis: Server, name: str
) -> None:
    opened = open_redis_fleet(address(redis), clock=SystemClock(), log=logger(), warn=pytest.fail)
    async with opened as fleet:
        given: dict[str, Any] = {"burst": 1.0, "share": 1.0, "remembered": None}
        limiter = fleet.limiter(name, rate=9.0, **given)
        assert fleet.limiter(name, rate=5.0, **given) is limiter
        assert limiter.settings.rate == 5.0
        # and of two processes
        async with joined(address(redis), name, rate=3.0), joined(address(redis), name) as (other,):
            await until(lambda: (limiter.rate, other.rate) == (3.0, 3.0), within=5)


async def test_a_redis_that_is_too_old_is_a_settings_error() -> None:
    async with scripted_redis(lambda words, connection: bulk("redis_version:6.0.16\r\n")) as old:
        opened = open_redis_fleet(
            f"redis://127.0.0.1:{old.port}", clock=SystemClock(), log=logger(), warn=pytest.fail
        )
        with pytest.raises(SettingsError, match=r"limiter: it is Redis 6\.0\.16; .* version 6\.2"):
            async with opened:
                pass


async def test_a_cluster_shares_buckets_from_whichever_node(tmp_path: Path) -> None:
    with running_cluster(tmp_path) as (_, other):
        async with joined(address(other), "a", 2, rate=200.0) as limiters:
            for limiter in limiters * 3:
                limiter.observe(await limiter.acquire(), Verdict.ACCEPTED, None)
            await until(lambda: [limiter.workers for limiter in limiters] == [2, 2], within=5)
            assert not any(limiter.away for limiter in limiters)


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
            assert await client.hlen(f"batcher:{{{name}}}:shares") == 1, "nor its share kept"
