"""Updates per CPU second of the engine: without a journal, with it, with before images too."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from anyio.abc import TaskGroup

from batcher.accounting.tally import Tally
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.runner import Runner
from batcher.logs import logger
from batcher.ports import BeforeImageStore, ResultStore
from batcher.records import Update
from batcher.storage.before_images import BeforeImages
from batcher.storage.journal import Journal
from batcher.testing import ListSource, MemoryJournal
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers
from batcher.wiring.targets import TargetConnector
from benchmarks.common import emulator, update

ROUNDS, UPDATES = 7, 3000
KINDS = ("without", "journal", "journal and images")


@asynccontextmanager
async def books(kind: str) -> AsyncIterator[tuple[ResultStore, BeforeImageStore | None]]:
    """Where results and images go. On the disk of the temporary directory."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if kind == "without":
            yield MemoryJournal(), None
            return
        results = await stack.enter_async_context(Journal(folder / "results.jsonl"))
        images = (
            await stack.enter_async_context(Journal(folder / "before.jsonl"))
            if kind != "journal"
            else None
        )
        yield results, images and BeforeImages(images)


async def once(url: str, kind: str, first: int) -> float:
    """Updates per CPU second of this process.

    ``first``: the number of the first one, so that each changes something.
    """
    settings = Settings(
        endpoint_url=url, rate=1e6, burst=100_000, read_rate=1e6, concurrency=64, remember=False
    )
    tally, clock = Tally(), SystemClock()
    pacers = Pacers(settings, clock=clock, warn=print)
    lanes = Lanes(settings, pacers, clock=clock, log=logger())
    target_of = TargetConnector(settings).target
    requests = [update(number) for number in range(first, first + UPDATES)]
    updates = [
        Update(id=str(n), line=n, target="default", request=each)
        for n, each in enumerate(requests, 1)
    ]
    async with books(kind) as (journal, images), target_of("default") as target:
        runner = Runner(journal=journal, log=logger())

        async def feed(tasks: TaskGroup) -> None:
            source = ListSource(updates, looks_back=False)
            runner.start(lanes.lane(target, source, tally, images=images), tasks)

        began = time.process_time()
        await runner.run(feed)
        spent = time.process_time() - began
    assert tally.statuses == {"succeeded": UPDATES}
    return UPDATES / spent


async def main() -> None:
    rounds: list[list[float]] = []
    async with emulator("--latency", "0") as url:
        for number in range(ROUNDS + 1):
            rounds.append(
                [
                    await once(url, kind, (3 * number + at) * UPDATES)
                    for at, kind in enumerate(KINDS)
                ]
            )
    for figures in rounds[1:]:  # the first one imports, and fills caches
        print(
            ", ".join(f"{kind} {figure:,.0f}" for kind, figure in zip(KINDS, figures, strict=True))
        )
    for at, kind in enumerate(KINDS):
        ratio = statistics.median(figures[at] / figures[0] for figures in rounds[1:])
        print(
            f"{kind}: median {statistics.median(f[at] for f in rounds[1:]):,.0f} updates per CPU"
            f" second, ratio {ratio:.3f}"
        )


asyncio.run(main())
