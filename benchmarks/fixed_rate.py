"""1,000 updates at a known quota of 50/s, burst 20, 50 ms latency: share used and throttled."""

import asyncio
import statistics

import batcher
from benchmarks.common import calls, emulator, update, used

ROUNDS, UPDATES, RATE, BURST = 3, 1000, 50, 20


async def one_round() -> tuple[float, int]:
    async with emulator("--rate", str(RATE), "--burst", str(BURST), "--latency", "50") as url:
        batch = await batcher.update_many(
            [update(n) for n in range(UPDATES)], endpoint_url=url, rate=RATE, burst=BURST
        )
        batch.raise_for_failures()
        seen = await calls(url)
    return used([at for at, _ in seen], UPDATES, RATE, BURST), batch.counts.throttles


async def main() -> None:
    rounds = [await one_round() for _ in range(ROUNDS)]
    for share, throttled in rounds:
        print(f"used {share:.1%}, throttled {throttled}")
    print(f"median used {statistics.median(share for share, _ in rounds):.1%}")


asyncio.run(main())
