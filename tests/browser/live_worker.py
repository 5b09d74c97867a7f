"""A worker at work on a queue of Redis against an emulator with faults, and its page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from batcher.emulator import Emulator
from tests.browser.faulty_run import updates
from tests.conftest import Command
from tests.servers import free_port, redis_server, running
from tests.waiting import until


class LiveWorker:
    """A worker: its address, and what enqueues for it. ``flags`` go to its command, too."""

    def __init__(self, folder: Path, queue: str, endpoint_url: str, host: str) -> None:
        self.command = Command(folder)
        self.queue = queue
        self.host = host
        self.url = f"http://127.0.0.1:{free_port()}/"
        self._endpoint_url = endpoint_url
        self._enqueued = 0

    async def start(self, *flags: str) -> Any:
        port = self.url.rstrip("/").rpartition(":")[2]
        listening = ("--http", f"{self.host}:{port}")
        to = ("--queue", self.queue, "--endpoint-url", self._endpoint_url)
        worker = await self.command.start("worker", *to, *listening, *flags)
        await until(self._listens)
        return worker

    async def enqueue(self, updates: list[dict[str, Any]]) -> None:
        self._enqueued += 1
        path = self.command.folder / f"updates-{self._enqueued}.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(update) + b"\n" for update in updates))
        ended = await self.command("enqueue", path.name, "--queue", self.queue)
        assert ended.code == 0, ended.err

    async def metrics(self, **headers: str) -> dict[tuple[str, ...], float]:
        """Every sample by its name and the values of its labels, in the order of their names."""
        async with (
            aiohttp.ClientSession(self.url, headers=headers) as client,
            client.get("/metrics") as answer,
        ):
            text = await answer.text()
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def _listens(self) -> bool:
        with suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession(self.url) as client, client.get("/healthz"):
                return True
        return False


@asynccontextmanager
async def live_worker(
    folder: Path, emulator: Emulator, *flags: str, host: str = "127.0.0.1"
) -> AsyncIterator[LiveWorker]:
    """The worker, until this is left."""
    with running(redis_server(folder)) as redis:
        async with emulator as url:
            queue = f"redis://127.0.0.1:{redis.port}/0?stream=updates"
            live = LiveWorker(folder, queue, url, host)
            worker = await live.start(*flags)
            told = asyncio.ensure_future(worker.communicate())  # so that it can go on telling
            try:
                yield live
            finally:
                worker.terminate()
                await told


def of_one_target(first: int, last: int, markup: str = "") -> list[dict[str, Any]]:
    """Updates of one target, some of them for triggers that are not there."""
    made = [line for line in updates(last, markup) if "EventTriggerName" in line][first:]
    return [{name: value for name, value in line.items() if name != "target"} for line in made]
