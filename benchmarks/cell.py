"""One cell of a side-by-side measurement: one tool and one emulator, a process each."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from benchmarks.common import TENANT, applied, calls, emulator, used

LATENCY = "20-50"  # ms
THROTTLED = "ThrottlingException"


@dataclass(frozen=True)
class Quota:
    """Tokens per second, and how many are saved up."""

    rate: float
    burst: float

    def __str__(self) -> str:
        return f"{self.rate:g}/s, burst {self.burst:g}"


@dataclass(frozen=True)
class Tool:
    """``module`` is one of benchmarks.tools; ``arguments`` is what it is told of the quota."""

    name: str
    module: str
    arguments: Callable[[Quota], list[str]]


AUTO = Tool("batcher, rate auto", "update_many", lambda _: ["{}"])
GIVEN = Tool(
    "batcher, rate given", "update_many", lambda q: [json.dumps({"rate": q.rate, "burst": q.burst})]
)
REMEMBERING = Tool(
    "batcher, remembering", "update_many", lambda _: [json.dumps({"remember": True})]
)
PLAIN = Tool("plain script, rate given", "plain_script", lambda q: [str(q.rate), str(q.burst)])


def boto3(mode: str, threads: int = 16) -> Tool:
    """boto3 in one of botocore's retry modes."""
    return Tool(f"boto3 {mode}, {threads} threads", "boto3_threads", lambda _: [mode, str(threads)])


@dataclass(frozen=True, kw_only=True)
class Books:
    """What an emulator saw of one tool's work: times in monotonic seconds, of calls by outcome."""

    updates: int
    accepted: list[float]
    throttled: list[float]
    tenant: list[float]
    lost: int  # updates that were never applied
    load: float  # average number of processes that ran or wanted to, over the last minute

    @property
    def calls(self) -> list[float]:
        return sorted(self.accepted + self.throttled)

    @property
    def seconds(self) -> float:
        """From the first call to the last."""
        return self.calls[-1] - self.calls[0]

    @property
    def throttled_share(self) -> float:
        return len(self.throttled) / len(self.calls)

    def used(self, quota: Quota) -> float:
        """Of the updates that were applied: lost ones don't make a tool quick."""
        return used(self.calls, self.updates - self.lost, quota.rate, quota.burst)

    def accepted_between(self, start: float, stop: float) -> int:
        return sum(start <= at < stop for at in self.accepted)


@dataclass(frozen=True)
class Figures:
    """A cell's figures, for a table."""

    used: float
    throttled_share: float
    throttled: int
    lost: int
    seconds: float
    load: float

    @classmethod
    def of(cls, books: Books, quota: Quota) -> "Figures":
        return cls(
            used=books.used(quota),
            throttled_share=books.throttled_share,
            throttled=len(books.throttled),
            lost=books.lost,
            seconds=books.seconds,
            load=books.load,
        )

    def __str__(self) -> str:
        return (
            f"used {self.used:.1%}, throttled {self.throttled} ({self.throttled_share:.2%}), lost"
            f" {self.lost}, {self.seconds:.1f} s, load {self.load:.1f}"
        )


def bucket(quota: Quota) -> AbstractAsyncContextManager[str]:
    """An emulator with that quota of UpdateEventTrigger; yields its address."""
    return emulator(
        "--quota", f"UpdateEventTrigger={quota.rate}/{quota.burst}", "--latency", LATENCY
    )


async def measure(tool: Tool, quota: Quota, updates: int) -> Books:
    """One cell: a new bucket, the tool, the books."""
    async with bucket(quota) as url:
        await finished(tool, quota, url, updates)
        return await read(url, updates)


async def finished(
    tool: Tool, quota: Quota, url: str, updates: int, environ: Mapping[str, str] | None = None
) -> None:
    """Return when the tool is done."""
    async with started(tool, quota, url, updates, environ) as process:
        await process.wait()


@asynccontextmanager
async def started(
    tool: Tool, quota: Quota, url: str, updates: int, environ: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A tool at work on updates.

    Raises TimeoutError when it takes longer than five times what an ideal client needs.
    """
    async with (
        asyncio.timeout(60 + 5 * updates / quota.rate),
        script(tool.module, url, str(updates), *tool.arguments(quota), environ=environ) as process,
    ):
        yield process
        assert await process.wait() == 0, tool


@asynccontextmanager
async def script(
    module: str, *arguments: str, environ: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """One of benchmarks.tools as a process, whose end is the end of the block at the latest."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"benchmarks.tools.{module}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | (environ or {}),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def read(url: str, updates: int, since: float = 0.0) -> Books:
    """The books of what was called ``since`` then."""
    outcomes = [(at, outcome) for at, outcome in await calls(url) if at >= since]
    done = [call for call in await applied(url) if call[0] >= since]
    ours = [call for call in done if call[2] != TENANT]
    return Books(
        updates=updates,
        accepted=[at for at, _, _ in ours],
        throttled=[at for at, outcome in outcomes if outcome == THROTTLED],
        tenant=[at for at, _, segment in done if segment == TENANT],
        lost=updates - len({(trigger, segment) for _, trigger, segment in ours}),
        load=os.getloadavg()[0],
    )
