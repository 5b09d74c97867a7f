"""An urgent rollback of 50 triggers beside a running migration, at a shared quota of 10/s.

With its priority, without one, and alone: the time from its first update to its last, the updates
of the migration in that time, and how long the whole command took. The emulator's books are the
judge. A minute in all.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.common import accepted, applied, emulator, trigger, update
from tests.servers import Server, redis_server

RATE, DEPLOYED, MIGRATED = 10, 50, 400  # updates a second, triggers, triggers
MIGRATED_BEFORE = 15  # updates of the migration that are done when the rollback is given


class Commands:
    """``batcher`` in a folder, against one emulator, and one Redis for its quota."""

    def __init__(self, folder: Path, url: str, redis: Server) -> None:
        self._folder = folder
        self._flags = ["--yes", "--no-progress", "--no-remember", "--endpoint-url", url]
        self.shared = ["--rate", str(RATE), "--limiter", f"redis://127.0.0.1:{redis.port}/0"]

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "batcher", *arguments, *self._flags),
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def run(self, *arguments: str) -> None:
        process = await self.start(*arguments)
        if code := await process.wait():
            raise RuntimeError(f"batcher {arguments[0]} ended with {code}")


async def seed(url: str) -> None:
    """Triggers that have all members that the updates set, so that all can be put back."""
    limits = {"EventTriggerLimits": update(0)["EventTriggerLimits"]}
    lines = ({**trigger(n), "SegmentFilter": "old", **limits} for n in range(DEPLOYED + MIGRATED))
    async with aiohttp.ClientSession() as http:
        body = "".join(json.dumps(line) + "\n" for line in lines)
        async with http.post(f"{url}/_emulator/seed", data=body) as answer:
            answer.raise_for_status()


def write(path: Path, numbers: range, segment: str) -> None:
    changes: list[dict[str, Any]] = [
        {**update(n, 10**6), "SegmentFilter": segment} for n in numbers
    ]
    path.write_text("".join(json.dumps(change) + "\n" for change in changes))


async def measure(how: str, *flags: str, beside: bool = True) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "deploy.jsonl", range(DEPLOYED), "wrong")
        write(folder / "migration.jsonl", range(DEPLOYED, DEPLOYED + MIGRATED), "migrated")
        server = redis_server(folder)
        server.start()
        try:
            async with emulator("--latency", "20-50", triggers=0) as url:
                await seed(url)
                commands = Commands(folder, url, server)
                await commands.run("run", "deploy.jsonl", "--rate", "1000")
                if beside:
                    migration = await commands.start("run", "migration.jsonl", *commands.shared)
                    while await accepted(url) < DEPLOYED + MIGRATED_BEFORE:
                        await asyncio.sleep(0.1)
                began = time.monotonic()
                await commands.run("rollback", "deploy.run", *commands.shared, *flags)
                took = time.monotonic() - began
                if beside:
                    migration.terminate()
                    await migration.wait()
                done = await applied(url)
        finally:
            server.stop()
    undone = [at for at, _, segment in done if segment == "old"]
    assert len(undone) == DEPLOYED
    meanwhile = sum(undone[0] <= at <= undone[-1] for at, _, segment in done if segment != "old")
    return f"| {how} | {undone[-1] - undone[0]:.1f} s | {meanwhile} | {took:.1f} s |"


async def main() -> None:
    print(
        "| rollback | first to last update | of the migration meanwhile | whole command |\n"
        "|---|---|---|---|"
    )
    print(await measure("alone", beside=False), flush=True)
    print(await measure("beside a migration, with its priority"), flush=True)
    print(await measure("beside a migration, `--priority 0`", "--priority", "0"), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
