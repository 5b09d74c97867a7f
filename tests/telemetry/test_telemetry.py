"""Telemetry from its beginning to its end, whatever the collector does."""

import logging
import threading
import time
from typing import Literal

import pytest

from batcher.clock import SystemClock
from batcher.errors import SettingsError
from batcher.logs import logger
from batcher.records import Depth
from batcher.status.snapshot import LaneSnapshot
from batcher.telemetry.telemetry import Telemetry
from tests.servers import free_port
from tests.telemetry.collector import Manner, collector
from tests.telemetry.samples import PLACE, made, result
from tests.waiting import until


def telemetry(url: str | None, within: float = 5.0) -> Telemetry:
    return Telemetry(
        url, kind="run", session="abc", clock=SystemClock(), log=logger(), flush_within=within
    )


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if "Otel" in each.name]


async def test_without_a_url_nothing_happens_and_nothing_is_imported() -> None:
    none = telemetry(None)
    async with none.open():
        none.begin()
        none.attempted(made(), PLACE)
        none.settled(result())
        none.ended(None)
    assert not none
    assert threads() == []


async def test_all_that_is_told_arrives_with_what_had_a_value_at_the_end() -> None:
    async with collector() as taken:
        told = telemetry(taken.url)
        lane = LaneSnapshot(target="prod", operation="UpdateEventTrigger", rate=48.5, waiting=7)
        told.lanes = lambda: [lane]
        told.depth = lambda: Depth(waiting=5, held=1, dead=None, oldest_seconds=61.5)
        async with told.open():
            told.begin()
            told.attempted(made(), PLACE)
            told.settled(result())
            told.ended(None)
        await until(lambda: not threads())
    assert [each.name for each in taken.spans()] == [
        "CustomerProfiles.UpdateEventTrigger",
        "update",
        "run",
    ]
    found = taken.metrics()
    assert list(found["batcher.rate"].values()) == [48.5]
    assert list(found["batcher.waiting"].values()) == [7]
    assert "batcher.quota" not in found  # not known is not 0
    assert list(found["batcher.queue.oldest_message.age"].values()) == [61.5]
    assert sorted(found["batcher.queue.messages"].values()) == [1, 5]


@pytest.mark.parametrize("manner", ["500", "503", "hang", "redirect", "away"])
async def test_the_end_is_waited_for_a_time_and_no_thread_is_left(
    manner: Manner | Literal["away"],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
    caplog.set_level(logging.WARNING, "batcher")
    said: list[str] = []
    async with collector("well" if manner == "away" else manner) as taken:
        url = f"http://127.0.0.1:{free_port()}" if manner == "away" else taken.url
        told = telemetry(url, within=0.2)
        told.say = said.append
        async with told.open():
            told.begin()
            for number in range(1200):
                told.attempted(made(id=str(number)), PLACE)
                told.settled(result(str(number)))
            began = time.monotonic()
            await told.finish()
            assert time.monotonic() - began < 2
        await until(lambda: not threads(), within=20)
    assert len(said) == 1
    assert "2,401 spans of 2,401 not sent" in said[0]
    assert [each for each in caplog.messages if "telemetry.not_sent" in each][1:] == []


async def test_an_error_and_a_cancellation_leave_no_thread() -> None:
    async with collector() as taken:
        with pytest.raises(ZeroDivisionError):
            async with telemetry(taken.url).open():
                raise ZeroDivisionError
        await until(lambda: not threads())
        assert [each.name for each in taken.spans()] == ["run"]
        with pytest.raises(KeyboardInterrupt):
            async with telemetry(taken.url).open():
                raise KeyboardInterrupt
        await until(lambda: not threads())


async def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "batcher.telemetry.exporting", None)
    with pytest.raises(SettingsError, match=r"pip install 'batcher\[otlp\]'"):
        async with telemetry("http://127.0.0.1:9").open():
            pass
