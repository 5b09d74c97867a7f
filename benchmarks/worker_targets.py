"""One worker with many targets: what they take while they have messages, and when they rest.

``python -m benchmarks.worker_targets [N ...]``: what the order of triggers among a thousand targets
takes an update. Then each target is an account with a role, and gets one message. Memory is what
Python holds for each; then what it takes to show the worker once: its page, its state as JSON, its
metrics.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import tempfile
import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.engine.pace_control import PaceControl
from batcher.logs import logger
from batcher.queues.factory import OpenedQueue
from batcher.records import Result, Update
from batcher.sources.trigger_turns import TriggerTurns
from batcher.status.page import StatusPage
from batcher.storage.results_directory import ResultsDirectory
from batcher.testing import MemoryQueue
from batcher.testing import update as plain_update
from batcher.worker.health import Health
from batcher.worker.message_consumer import MessageConsumer
from batcher.worker.worker_control import WorkerAtWork
from batcher.worker.worker_status import WorkerStatus
from benchmarks.common import emulator, update

FIRST_ACCOUNT = 100_000_000_000
SHOWN = 9  # times, of which the median counts
UPDATES, HELD = 20_000, 20  # to take their turns, and those of them at a time


class Session:
    """A worker of messages in this process, with so many targets."""

    def __init__(self, url: str, targets: int, results: ResultsDirectory) -> None:
        clock = SystemClock()
        self.names = [f"t{n}" for n in range(targets)]
        self.queue = MemoryQueue()
        self.health = Health(logger(), grace=5.0)
        self.status = WorkerStatus("memory", self.health, clock, PaceControl(clock))
        self.consumer = MessageConsumer(
            name="memory",
            opened=OpenedQueue(self.queue, None, None, True, ""),  # type: ignore[arg-type] # nobody produces here
            settings=resolve(
                {
                    "targets": {name: self._target(n, url) for n, name in enumerate(self.names)},
                    "target": "t0",
                    "before": False,
                    "remember": False,
                }
            ),
            results=results,
            health=self.health,
            clock=clock,
            log=logger(),
            on_result=self._count,
            on_attempt=self.status.count_attempt,
            once=False,
        )
        self.status.lanes = self.consumer.lane_snapshots
        self.done = 0

    def _target(self, number: int, url: str) -> dict[str, Any]:
        role = f"arn:aws:iam::{FIRST_ACCOUNT + number}:role/batcher"
        return {"role_arn": role, "endpoint_url": url, "region": "eu-west-1", "rate": 100}

    def _count(self, result: Result) -> None:
        assert result.status == "succeeded", result
        self.done += 1
        self.status.count(result)

    async def serve(self) -> None:
        """Send one update more to each target."""
        wanted = self.done + len(self.names)
        lines = (update(0, 1) | {"target": name} for name in self.names)
        self.queue.put(*(json.dumps(line).encode() for line in lines))
        while self.done < wanted:
            await asyncio.sleep(0.1)

    async def rest(self) -> None:
        """Have all targets rest, as they do after a while without a message."""
        pool = self.consumer._pool  # noqa: SLF001 # whose clock would have to be set
        assert pool is not None
        for worker in pool.workers.values():
            worker.rest()
        while any(worker.lane is not None for worker in pool.workers.values()):
            await asyncio.sleep(0.1)


def held() -> float:
    """KB that Python holds."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1000


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def cost(make: Callable[[], str | bytes]) -> str:
    """What it takes to make that: milliseconds of CPU, and its size."""
    spent, size = [], 0
    for _ in range(SHOWN):
        began = time.process_time()
        size = len(make())
        spent.append(time.process_time() - began)
    return f"{1000 * statistics.median(spent):7.1f} ms, {size / 1000:7.1f} kB"


async def measure(targets: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = ResultsDirectory(Path(folder), rotate_bytes=10**8, rotate_seconds=3600)
        async with emulator(triggers=1) as url, results:
            os.environ["AWS_ENDPOINT_URL"] = url
            tracemalloc.start()
            session = Session(url, targets, results)
            working = asyncio.create_task(session.consumer.run())
            before = held()
            await session.serve()
            busy, opened = held(), descriptors()
            await session.rest()
            resting, left = held(), descriptors()
            tracemalloc.stop()
            print(
                f"{targets:5} targets: {(busy - before) / targets:6.1f} kB each while they have"
                f" messages, {(resting - before) / targets:6.1f} kB at rest; descriptors {opened},"
                f" then {left}",
                flush=True,
            )
            show(session, "at rest")
            await session.serve()
            show(session, "with messages")
            session.health.stop.set()
            await working


def show(session: Session, when: str) -> None:
    print(f"   {when}:", flush=True)
    status, page = session.status, StatusPage()
    at_work = WorkerAtWork(status, session.health)
    made: dict[str, Callable[[], str | bytes]] = {
        "page": lambda: page.whole(status.snapshot(), ()),
        "state as JSON": lambda: msgspec.json.encode(at_work.status()),
        "metrics": lambda: status.metrics.exposition(status.snapshot()),
    }
    for name, make in made.items():
        print(f"      {name:14} {cost(make)}", flush=True)
    series = status.metrics.exposition(status.snapshot()).count(b"\nbatcher_")
    print(f"      series         {series}", flush=True)


def order() -> float:
    """Microseconds of CPU an update to take its turn among those of its trigger."""
    turns = TriggerTurns(lambda update: None, lambda name: (name, "eu-west-1"))
    for n in range(1000):
        turns.open(f"t{n}", (f"t{n}", "eu-west-1", None))
    updates = [plain_update(n, f"t{n % 50}", f"t{n % 1000}") for n in range(UPDATES)]
    held = deque[Update]()
    began = time.process_time()
    for each in updates:
        turns.arrive(each)
        held.append(each)
        if len(held) > HELD:
            first = held.popleft()
            turns.end(first.target, first.line)
    return (time.process_time() - began) / UPDATES * 1e6


async def main() -> None:
    print(
        f"order among targets: {statistics.median(order() for _ in range(SHOWN)):.1f} µs an update"
    )
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", type=int, nargs="*", default=[10, 1000])
    for targets in parser.parse_args().targets:
        await measure(targets)


if __name__ == "__main__":
    asyncio.run(main())
