"""A service with one token bucket, and workers that call it as fast as their limiters let them.

As a program: one worker without a service, who writes a line for each token once his standard input
says so.
"""

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from batcher.accounting.verdicts import Verdict
from batcher.clock import SystemClock
from batcher.emulator.buckets import Quota, TokenBucket
from batcher.limiters.factory import open_fleet
from batcher.limiters.shared import SharedLimiter
from batcher.logs import logger
from batcher.ports import Limiter
from tests.servers import Server


@dataclass
class Service:
    """What AWS does, without HTTP. ``latency`` of the way there and back, in seconds."""

    rate: float
    burst: float
    latency: tuple[float, float] = (0.02, 0.06)
    accepted: list[tuple[float, str]] = field(default_factory=list)
    throttled: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bucket = TokenBucket(Quota(rate=self.rate, burst=self.burst), time.monotonic())

    async def call(self, who: str) -> Verdict:
        way = random.uniform(*self.latency) / 2
        await anyio.sleep(way)
        now = time.monotonic()
        fine = self.bucket.take(now)
        (self.accepted if fine else self.throttled).append((now, who))
        await anyio.sleep(way)
        return Verdict.ACCEPTED if fine else Verdict.THROTTLED


LOOKS_EVERY = 0.01  # seconds


@asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """By how many seconds this event loop woke its sleepers late meanwhile, each time.

    What is bounded in time is so beside that: a busy machine wakes nobody in time.
    """
    late = list[float]()

    async def look() -> None:
        while True:
            due = time.monotonic() + LOOKS_EVERY
            await anyio.sleep(LOOKS_EVERY)
            late.append(max(0.0, time.monotonic() - due))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        yield late
        tasks.cancel_scope.cancel()


async def call_on(
    limiter: Limiter, service: Service, who: str, *, slots: int = 64, urgency: int = 0
) -> None:
    """Call as often as the limiter allows, until cancelled."""
    free = anyio.Semaphore(slots)

    async def call(ticket: object) -> None:
        verdict = Verdict.LOST
        try:
            verdict = await service.call(who)
        finally:
            limiter.observe(ticket, verdict, None)
            free.release()

    async with anyio.create_task_group() as calls:
        while True:
            await free.acquire()
            calls.start_soon(call, await limiter.acquire(urgency))


def address(server: Server) -> str:
    return f"redis://127.0.0.1:{server.port}/0"


@asynccontextmanager
async def joined(
    url: str, name: str, number: int = 1, **terms: Any
) -> AsyncIterator[list[SharedLimiter]]:
    """So many limiters of one bucket, each as a process of its own would have it."""
    terms = {"rate": None, "burst": 1.0, "share": 1.0, "remembered": None} | terms
    async with AsyncExitStack() as stack:
        limiters = []
        for _ in range(number):
            opened = open_fleet(url, clock=SystemClock(), log=logger(), warn=lambda text: None)
            fleet = await stack.enter_async_context(opened)
            assert fleet is not None
            limiters.append(fleet.limiter(name, **terms))
        yield limiters


@asynccontextmanager
async def worker_process(
    server: Server, name: str, *, rate: float, burst: float, ahead: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker that waits to be told to start; ``ahead``: by how much its clock is wrong."""
    faketime = shutil.which("faketime")
    if faketime is None:
        pytest.fail("faketime is missing; make test installs it (apt-get install faketime)")
    wrong = [faketime, "-m", "--exclude-monotonic", "-f", ahead] if ahead else []
    command = [
        sys.executable,
        "-m",
        "tests.limiters.simulated_fleet",
        address(server),
        name,
        str(rate),
        str(burst),
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


async def main(url: str, name: str, rate: str, burst: str) -> None:
    async with joined(url, name, rate=float(rate), burst=float(burst)) as (limiter,):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        while True:
            ticket = await limiter.acquire()
            print(flush=True)
            limiter.observe(ticket, Verdict.ACCEPTED, None)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
