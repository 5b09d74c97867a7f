"""How fast ``batcher worker`` drains a spool directory, a Redis stream and a queue of SQS.

Against a server that answers at once, without a quota. Of each: updates a second and CPU an update
of the worker, each from the difference between many updates and few, so that start and end do not
count; and CPU an update of the queue's own server, which says how fast that could be at best.

``python -m benchmarks.worker_throughput [spool] [redis] [sqs] [-- FLAGS OF THE WORKER]``
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from aiobotocore.session import get_session

from benchmarks.answering_server import answering_server
from benchmarks.common import CREDENTIALS, update
from tests.servers import Server, redis_server, running, sqs_server

FEW, MANY = 500, int(os.environ.get("UPDATES", 5_500))
PACE = ("--rate", "1000000", "--burst", "100000", "--read-rate", "1000000")
PACE += ("--no-remember", "--log-level", "error")


class Cost(NamedTuple):
    """Of a process, or of a part of its life: seconds by the clock, and of CPU."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":  # type: ignore[override] # of numbers
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


class Drained(NamedTuple):
    """What it took to drain a queue: the worker, and the queue's server."""

    worker: Cost
    server: float


def run(folder: Path, *arguments: str) -> Cost:
    """A command of batcher, from its start to its end."""
    environ = {**os.environ, **CREDENTIALS, "PYTHONPATH": os.getcwd()}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "batcher", *arguments],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, arguments
    return Cost(time.monotonic() - began, usage.ru_utime + usage.ru_stime)


def drain(folder: Path, url: str, queue: str, count: int, flags: list[str]) -> Cost:
    """Put so many updates in, and have a worker send them."""
    file = folder / f"updates-{count}.jsonl"
    with file.open("w") as lines:
        for number in range(count):
            lines.write(json.dumps(update(number, count)) + "\n")
    run(folder, "enqueue", file.name, "--queue", queue, "--anew")
    arguments = ("--queue", queue, "--once", "--endpoint-url", url, *PACE, *flags)
    return run(folder, "worker", *arguments)


def cpu_of(server: Server | None) -> float:
    """CPU seconds of a process so far."""
    if server is None:
        return 0.0
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(
    folder: Path,
    url: str,
    queue: Callable[[int], Awaitable[str]],
    server: Server | None,
    flags: list[str],
) -> None:
    """Print what an update costs; ``queue``: makes one, and gives its URL."""
    found = []
    for number, count in enumerate((FEW, MANY)):
        name = await queue(number)
        before = cpu_of(server)
        cost = await asyncio.to_thread(drain, folder, url, name, count, flags)
        found.append(Drained(cost, cpu_of(server) - before))
    few, many = found
    updates, more = MANY - FEW, many.worker - few.worker
    cpu = more.cpu / updates * 1e6
    print(f"  {updates / more.wall:,.0f} updates/s; {cpu:.0f} µs of CPU an update")
    if server is not None:
        of_server = (many.server - few.server) / updates
        print(f"  its server: {of_server * 1e6:.0f} µs of CPU an update, to put it in included")


async def spool(folder: Path, url: str, flags: list[str]) -> None:
    async def queue(number: int) -> str:
        return f"spool:{folder}/spool-{number}"

    await measure(folder, url, queue, None, flags)


async def redis(folder: Path, url: str, flags: list[str]) -> None:
    with running(redis_server(folder)) as server:

        async def queue(number: int) -> str:
            return f"redis://127.0.0.1:{server.port}/{number}?stream=updates"

        await measure(folder, url, queue, server, flags)


async def sqs(folder: Path, url: str, flags: list[str]) -> None:
    with running(sqs_server(folder)) as server:
        endpoint = f"http://127.0.0.1:{server.port}"

        async def queue(number: int) -> str:
            session = get_session()
            async with session.create_client("sqs", endpoint_url=endpoint) as client:
                made = await client.create_queue(
                    QueueName=f"updates-{number}.fifo", Attributes={"FifoQueue": "true"}
                )
            return f"sqs:{made['QueueUrl']}"

        await measure(folder, url, queue, server, flags)


QUEUES = {"spool": spool, "redis": redis, "sqs": sqs}


async def main(arguments: list[str]) -> None:
    os.environ.update(CREDENTIALS)
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    names, flags = arguments[:cut] or list(QUEUES), arguments[cut + 1 :]
    async with answering_server(MANY) as url:
        for name in names:
            print(" ".join([name, *flags]), flush=True)
            with tempfile.TemporaryDirectory() as folder:
                await QUEUES[name](Path(folder), url, flags)


asyncio.run(main(sys.argv[1:]))
