"""Four processes that share 60/s through Redis: share used, share throttled, fairness."""

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

from redis.asyncio import Redis

import batcher
from benchmarks.common import calls, emulator, update
from tests.servers import Server, redis_server

WORKERS, RATE, BURST = 4, 60, 60
STOPPED = 5.0  # seconds
START = 2.0  # seconds that a worker takes to start


async def work(endpoint: str, redis: str, rate: str, number: int, until: float) -> None:
    """One worker: updates without end, until that time; prints how many were done."""
    known = {} if rate == "auto" else {"rate": float(rate), "burst": float(BURST)}
    updates = (update(n) for n in itertools.count(number, WORKERS))
    done = 0
    try:
        async with asyncio.timeout(until - time.time()):
            async for result in batcher.iter_updates(
                updates, endpoint_url=endpoint, limiter=redis, **known
            ):
                done += result.status == "succeeded"
    except TimeoutError:
        print(done)


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.shared_limiter",
        "--work",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )


async def trips(server: Server) -> int:
    """How often scripts were called since the server started."""
    async with Redis.from_url(f"redis://127.0.0.1:{server.port}/0") as client:
        stats = await client.info("commandstats")
    return int(stats["cmdstat_evalsha"]["calls"])


async def measure(rate: str, *, seconds: float, stopped: bool) -> str:
    with tempfile.TemporaryDirectory() as folder:
        server = redis_server(Path(folder))
        server.start()
        try:
            async with emulator(
                "--rate", str(RATE), "--burst", str(BURST), "--latency", "20-80"
            ) as url:
                until = time.time() + START + seconds
                redis = f"redis://127.0.0.1:{server.port}/0"
                workers = [
                    await start(url, redis, rate, str(n), str(until)) for n in range(WORKERS)
                ]
                if stopped:
                    await asyncio.sleep(START + seconds / 2)
                    server.stop()
                    await asyncio.sleep(STOPPED)
                    server.start()
                done = [int((await worker.communicate())[0]) for worker in workers]
                seen = await calls(url)
            asked = await trips(server)
        finally:
            server.stop()
    accepted = sum(outcome == "ok" for _, outcome in seen)
    took = seen[-1][0] - seen[0][0]
    used = (accepted - (BURST if rate == "auto" else 0)) / RATE / took
    how = f"Redis stopped for {STOPPED:.0f} s" if stopped else "undisturbed"
    each = "" if stopped else f"{asked / accepted:.2f}"
    fair = max(done) / min(done)
    return (
        f"| {rate} | {how} | {took:.0f} s | {used:.1%} | {1 - accepted / len(seen):.2%} |"
        f" {fair:.3f} | {each} |"
    )


async def main(seconds: float) -> None:
    print(
        "| rate | | measured for | used | throttled | fairness (max/min) | round trips a token"
        " |\n|---|---|---|---|---|---|---|"
    )
    for rate, stopped in itertools.product((str(RATE), "auto"), (False, True)):
        print(await measure(rate, seconds=seconds, stopped=stopped), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--work", nargs=5, metavar=("ENDPOINT", "REDIS", "RATE", "NUMBER", "UNTIL"))
    given = parser.parse_args()
    if given.work:
        endpoint, redis, rate, number, until = given.work
        asyncio.run(work(endpoint, redis, rate, int(number), float(until)))
    else:
        asyncio.run(main(given.seconds))
