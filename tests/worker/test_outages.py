"""A worker whose target is away in mid-run: it waits, says why, and uses up no delivery."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from batcher.jobs.run_order import Unattended
from batcher.logs import logger
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import Message
from batcher.testing import MemoryQueue
from batcher.worker.health import Health
from tests.conftest import change, trigger
from tests.waiting import until
from tests.worker.test_message_consumer import Serving, encode, serving
from tests.worker.test_spool_consumer import consumer_of

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


class CountedQueue(MemoryQueue):
    """A queue that keeps how often each message was delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.deliveries: list[int] = []

    async def receive(self, limit: int) -> list[Message]:
        messages = await super().receive(limit)
        self.deliveries += [message.receives for message in messages]
        return messages


@asynccontextmanager
async def in_outage(
    queue: MemoryQueue, results: Path, fault: str
) -> AsyncIterator[tuple[Emulator, Serving]]:
    """The emulator of 40 messages that fails since some were done, and the worker that noticed."""
    emulator = Emulator(latency=(0.0, 0.0))
    queue.put(*(encode(change(n)) for n in range(40)))
    emulator.seed([trigger(n) for n in range(40)])
    async with (
        emulator as url,
        serving(queue, results, endpoint_url=url, rate=100) as served,
    ):
        await until(lambda: len(queue.done) >= 5)
        emulator.set_faults({fault: 1.0})
        await until(lambda: served.health.not_ready is not None)
        yield emulator, served


@pytest.mark.parametrize("fault", ["internal", "reset-after", "access-denied"])
async def test_messages_of_a_target_that_is_away_stay_leased_and_none_is_buried(
    tmp_path: Path, fault: str
) -> None:
    queue = CountedQueue()
    async with in_outage(queue, tmp_path / "results", fault) as (emulator, served):
        assert "target default is away" in str(served.health.not_ready)
        assert queue.held
        emulator.set_faults({})
        await until(lambda: len(queue.done) == 40)
        assert served.health.not_ready is None
    assert {each.target for each in served.away} == {"default"}
    assert queue.dead == []
    assert {result.status for result in served.results} == {"succeeded"}
    assert set(queue.deliveries) == {1}


async def test_a_worker_that_is_told_to_stop_in_an_outage_gives_back_what_it_holds(
    tmp_path: Path,
) -> None:
    queue = CountedQueue()
    async with in_outage(queue, tmp_path / "results", "internal") as (_, served):
        served.health.stop.set()
        async with asyncio.timeout(5):
            await served.ended
    assert queue.held == {}
    assert len(queue.done) + len(queue) == 40


async def test_a_file_of_a_spool_waits_for_its_target_and_is_done_in_the_end(
    tmp_path: Path,
) -> None:
    spool, health = SpoolDirectory(tmp_path, still_for=0.0), Health(logger(), grace=1.0)
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(40)])
    spool.put("a.jsonl", [encode(change(n)) + b"\n" for n in range(40)])

    def back(target: str, reason: str | None) -> None:
        health.mark_target(target, reason)
        if reason is not None:
            said.append(str(health.not_ready))
            emulator.set_faults({})

    said: list[str] = []
    unattended = Unattended(on_result=lambda _: None, on_attempt=lambda *_: None, on_breaker=back)
    async with emulator as url, asyncio.timeout(60):
        working = asyncio.create_task(consumer_of(spool, url, unattended).run(once=True))
        await until(lambda: len(emulator.applied()) >= 5)
        emulator.set_faults({"internal": 1.0})
        await working
    assert (tmp_path / "done" / "a.jsonl").exists()
    assert "target default is away: InternalServerException" in said[0]
    assert health.reason("target default") is None
