"""Workers that are processes: rate, burst and fairness with clocks that are wrong, and the death
of the one that leads.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis

from batcher.accounting.verdicts import Verdict
from batcher.quota.estimated_quota import EstimatedQuota
from tests.limiters.consumer import address, joined
from tests.servers import Server
from tests.waiting import until

RATE, BURST = 50.0, 10.0
SECONDS = 4.0


@asynccontextmanager
async def worker(
    server: Server, name: str, *, ahead: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker that waits to be told to start; ``ahead``: by how much its clock is wrong."""
    faketime = shutil.which("faketime")
    if faketime is None:
        pytest.fail("faketime is missing; make test installs it (apt-get install faketime)")
    wrong = [faketime, "-m", "--exclude-monotonic", "-f", ahead] if ahead else []
    command = [
        sys.executable,
        "-m",
        "tests.limiters.consumer",
        address(server),
        name,
        str(RATE),
        str(BURST),
    ]
    process = await asyncio.create_subprocess_exec(
        *wrong,
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # faketime has the worker as its child
        await process.communicate()


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
        worker(redis, name) as a,
        worker(redis, name) as b,
        worker(redis, name, ahead="+3600s") as c,
        worker(redis, name, ahead="-5s") as d,
    ):
        until = time.monotonic() + SECONDS
        taken = await asyncio.gather(*(tokens(process, until) for process in (a, b, c, d)))
    times = sorted(at for each in taken for at in each)
    seconds = times[-1] - times[0]
    assert RATE * seconds * 0.97 <= len(times) <= RATE * seconds + BURST + 1
    steady = [sum(at > times[0] + 1 for at in each) for each in taken]
    assert max(steady) / min(steady) <= 1.15


async def test_when_the_leader_dies_another_one_leads_within_two_seconds(
    redis: Server, name: str, client: Redis
) -> None:
    key = f"batcher:{{{name}}}:leader"
    leader = None

    async def anyone_else_leads() -> bool:
        return await client.get(key) not in (leader, None)

    async with worker(redis, name) as first:
        leader = await until(lambda: client.get(key))
        known = EstimatedQuota(rate=RATE, burst=50.0, doubt=0.01)
        async with joined(address(redis), name, rate=RATE, remembered=known) as (limiter,):
            await limiter.acquire()
            assert limiter.workers == 2
            first.kill()
            killed = time.monotonic()
            await until(anyone_else_leads)
            assert time.monotonic() - killed <= 2.2
            for _ in range(3):
                limiter.answered(await limiter.acquire(), Verdict.THROTTLED, None)
            # what is learned now is learned by the new leader
            await until(lambda: limiter.rate != RATE)
            await until(lambda: limiter.workers == 1)  # and the dead one is not counted for long
