"""Four workers on one SQS FIFO queue under one quota of 60/s, shared through Redis.

The emulator's books are the judge.

``python -m benchmarks.fleet [known] [auto] [kill] [redis]``: quota given; found; one worker killed
and another started in the middle; Redis stopped for five seconds. All of it on this machine, each
server and each worker a process of its own.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiobotocore.session import get_session

from benchmarks.common import CREDENTIALS, calls, emulator, update
from tests.servers import Server, redis_server, sqs_server

WORKERS, RATE, BURST, SECONDS = 4, 60, 10, float(os.environ.get("SECONDS", 60))
TRIGGERS = int(RATE * SECONDS)
STAYED = ("w1", "w2", "w3")  # through the kill of w0


class RedisFleet:
    """The servers and the workers of one measurement."""

    def __init__(self, folder: Path, url: str, queue: str, redis: Server, flags: list[str]) -> None:
        self.folder = folder
        self.redis = redis
        self._command = [
            *(
                sys.executable,
                "-m",
                "batcher",
                "worker",
                "--queue",
                f"sqs:{queue}",
                "--endpoint-url",
                url,
            ),
            *(
                "--limiter",
                f"redis://127.0.0.1:{redis.port}/0",
                "--lease",
                "10",
                "--ahead",
                "2",
                "--no-remember",
                "--no-before",  # the quota is that of writing
            ),
            *("--log-level", "warning", *flags),
        ]
        self.workers: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str) -> None:
        """A worker, whose log is kept.

        All share one results directory, as workers of one host do.
        """
        log = (self.folder / f"{name}.log").open("wb")
        self.workers[name] = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self.folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )

    async def end(self) -> None:
        for worker in self.workers.values():
            if worker.returncode is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self.workers.values():
            await worker.wait()

    def results(self) -> list[tuple[str, dict[str, Any]]]:
        """Every record on disk, with the process that wrote it."""
        found = []
        for path in sorted((self.folder / "results").glob("2*")):
            process = path.name.split("-")[-2]
            found += [(process, json.loads(line)) for line in path.read_bytes().splitlines()]
        return found


async def measure(name: str) -> str:
    """One measurement from empty servers; a row of the table."""
    flags = ["--rate", str(RATE), "--burst", "1"] if name in ("known", "kill", "redis") else []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis, sqs = redis_server(folder), sqs_server(folder)
        for server in (redis, sqs):
            server.start()
            stack.callback(server.stop)
        limits = ("--rate", str(RATE), "--burst", str(BURST), "--latency", "20-80")
        url = await stack.enter_async_context(emulator(*limits, triggers=TRIGGERS))
        queue = await _filled(f"http://127.0.0.1:{sqs.port}", folder)
        fleet = RedisFleet(folder, url, queue, redis, flags)
        stack.push_async_callback(fleet.end)
        for number in range(WORKERS):
            await fleet.start(f"w{number}")
        await _until(lambda: len(fleet.results()) >= 1)
        await asyncio.sleep(SECONDS / 3)
        if name == "kill":
            fleet.workers["w0"].kill()
            await fleet.start("joined")
        if name == "redis":
            redis.stop()
            await asyncio.sleep(5)
            redis.start()
        await _until(lambda: len({record["id"] for _, record in fleet.results()}) == TRIGGERS)
        await fleet.end()
        there_all_along = {
            str(worker.pid)
            for each, worker in fleet.workers.items()
            if name != "kill" or each in STAYED
        }
        return _row(name, fleet.results(), await calls(url), there_all_along)


async def _filled(endpoint: str, folder: Path) -> str:
    """A FIFO queue with all updates in it; its URL."""
    async with get_session().create_client(
        "sqs", endpoint_url=endpoint, region_name="eu-west-1"
    ) as client:
        dead = await client.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})
        facts = await client.get_queue_attributes(
            QueueUrl=dead["QueueUrl"], AttributeNames=["QueueArn"]
        )
        policy = json.dumps(
            {"deadLetterTargetArn": facts["Attributes"]["QueueArn"], "maxReceiveCount": 100}
        )
        made = await client.create_queue(
            QueueName="updates.fifo", Attributes={"FifoQueue": "true", "RedrivePolicy": policy}
        )
    lines = [json.dumps(update(number, TRIGGERS)) + "\n" for number in range(TRIGGERS)]
    (folder / "updates.jsonl").write_text("".join(lines))
    command = [
        sys.executable,
        "-m",
        "batcher",
        "enqueue",
        str(folder / "updates.jsonl"),
        "--queue",
        f"sqs:{made['QueueUrl']}",
    ]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    return str(made["QueueUrl"])


async def _until(true: Any) -> None:
    while not true():
        await asyncio.sleep(0.2)


def _row(
    name: str,
    results: list[tuple[str, dict[str, Any]]],
    seen: list[tuple[float, str]],
    workers: set[str],
) -> str:
    outcomes = Counter(outcome for _, outcome in seen)
    accepted = [time for time, outcome in seen if outcome == "ok"]
    share = (len(accepted) - BURST) / RATE / (accepted[-1] - accepted[0])
    throttled = outcomes["ThrottlingException"] / len(seen)
    each = Counter(process for process, _ in results if process in workers).values()
    per_update = Counter(record["id"] for _, record in results)
    twice = sum(count - 1 for count in per_update.values())
    return (
        f"| {name} | {share:.1%} | {throttled:.2%} | {max(each) / min(each):.2f} |"
        f" {len(per_update)} of {TRIGGERS} | {twice} | {len(accepted) - TRIGGERS} |"
    )


async def main() -> None:
    os.environ.update(CREDENTIALS, AWS_REGION="eu-west-1")
    print(
        f"{WORKERS} workers, SQS FIFO, {RATE}/s burst {BURST}, {TRIGGERS} updates; load"
        f" {os.getloadavg()[0]:.1f}"
    )
    print(
        "| case | share of the quota | throttled | busiest to idlest | with a result | results more"
        " | applied more |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in sys.argv[1:] or ["known", "auto", "kill", "redis"]:
        print(await measure(name), flush=True)


asyncio.run(main())
