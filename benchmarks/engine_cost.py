"""CPU seconds per update of update_many, against a bare aiobotocore loop on the same emulator."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import batcher
from benchmarks.common import emulator, update
from benchmarks.other_clients import send_by_aiobotocore

ROUNDS, UPDATES, CONCURRENCY = 7, 1500, 16


async def bare(url: str) -> None:
    """What one writes without a tool."""
    updates = map(update, range(UPDATES))
    await send_by_aiobotocore(updates, CONCURRENCY, endpoint_url=url)


async def ours(url: str) -> None:
    updates = (update(number) for number in range(UPDATES))
    batch = await batcher.update_many(
        updates, endpoint_url=url, rate=1e6, burst=1e5, concurrency=CONCURRENCY
    )
    batch.raise_for_failures()


async def cpu(work: Callable[[str], Awaitable[None]], url: str) -> float:
    began = time.process_time()
    await work(url)
    return (time.process_time() - began) / UPDATES


async def main() -> None:
    async with emulator() as url:
        await bare(url)
        await ours(url)  # imports, model, first connections
        pairs = [(await cpu(ours, url), await cpu(bare, url)) for _ in range(ROUNDS)]
    for a, b in pairs:
        print(
            f"update_many {a * 1e6:.0f} µs, bare {b * 1e6:.0f} µs of CPU an update: ratio"
            f" {a / b:.3f}"
        )
    print(f"median ratio {statistics.median(a / b for a, b in pairs):.3f}")


asyncio.run(main())
