"""The library door: ``update_many`` and ``iter_updates`` over real HTTP."""

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

import batcher
from batcher import api
from batcher.emulator import Emulator
from batcher.library.batch_result import BatchResult
from tests.conftest import change, trigger
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


def ours() -> set[str]:
    """The tasks that batcher's own code runs, the emulator's not."""
    return {
        repr(task.get_coro())
        for task in asyncio.all_tasks()
        if "Runner" in repr(task) or "_Batch" in repr(task)
    }


async def test_a_batch_has_one_result_for_each_update_in_input_order() -> None:
    emulator = Emulator(latency=(0.0, 0.02))
    emulator.seed([trigger(n) for n in range(1, 30)])
    updates = [change(n) for n in range(1, 30)] + [
        change(77),
        {"DomainName": "acme"},
        {"id": "own", **change(1)},
    ]
    async with emulator as url:
        batch = await batcher.update_many(updates, endpoint_url=url, rate=1000)
    assert isinstance(batch, BatchResult)
    assert batcher.update_many is api.update_many
    assert [result.line for result in batch.results] == list(range(1, 33))
    assert (batch.counts.succeeded, batch.counts.failed, batch.counts.invalid) == (30, 1, 1)
    assert [result.status for result in batch.failed] == ["failed", "invalid"]
    assert batch.results[-1].id == "own"
    with pytest.raises(
        batcher.UpdatesFailed, match="2 of the updates did not succeed; the first is id 30"
    ):
        batch.raise_for_failures()


async def test_async_iterables_and_a_ready_client_are_taken() -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(5)])

    async def updates() -> AsyncIterator[dict[str, Any]]:
        for n in range(5):
            yield change(n)

    config = AioConfig(retries={"total_max_attempts": 1})
    async with (
        emulator as url,
        get_session().create_client("customer-profiles", endpoint_url=url, config=config) as client,
    ):
        batch = await batcher.update_many(updates(), client=client, rate=1000, concurrency=10)
        batch.raise_for_failures()
        await client.get_event_trigger(DomainName="acme", EventTriggerName="t0")  # it is still open
    assert batch.counts.succeeded == 5


async def test_a_setting_that_means_nothing_to_the_library_is_refused() -> None:
    settings: Any = {"canary": 5}
    with pytest.raises(
        batcher.SettingsError, match="canary: a setting of batcher run; it means nothing here"
    ):
        await batcher.update_many([change(1)], **settings)


async def test_iter_updates_holds_nothing_and_may_be_left_early() -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    read = 0

    def endless() -> Iterator[dict[str, Any]]:
        nonlocal read
        while True:
            read += 1
            yield change(1)

    async with emulator as url:
        seen = 0
        results = batcher.iter_updates(endless(), endpoint_url=url, rate=1000)
        async for result in results:
            assert result.status == "succeeded"
            seen += 1
            if seen == 20:
                break
        await results.aclose()
        assert ours() == set()
    assert seen == 20


async def test_cancelling_a_batch_leaves_no_task_behind() -> None:
    emulator = Emulator(faults={"hang": 1.0})
    emulator.seed([trigger(1)])
    async with emulator as url:
        work = asyncio.create_task(batcher.update_many([change(1)], endpoint_url=url, rate=1000))
        await until(lambda: emulator.calls())
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert ours() == set()


async def test_a_batch_that_stops_itself_says_why() -> None:
    async with Emulator() as url:
        batch = await batcher.update_many(
            (change(n) for n in range(1000)),
            endpoint_url=url,
            rate=1000,
            max_failures="5",
            concurrency=2,
        )
    assert re.fullmatch(
        r"(\d+) of \1 did not succeed, more than --max-failures 5", batch.stopped or ""
    )
    assert 6 <= len(batch.results) < 20


async def test_a_slow_or_broken_target_does_not_hold_back_others_that_come_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, fast = Emulator(rate=2, burst=1), Emulator()
    for emulator in (slow, fast):
        emulator.seed([trigger(n) for n in range(300)])
    order = ["slow"] * 8 + ["broken"] * 300 + ["fast"] * 300
    updates = [{"target": target, **change(n % 300)} for n, target in enumerate(order)]
    async with slow as slow_url, fast as fast_url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", fast_url)
        targets = {
            "slow": {"endpoint_url": slow_url, "rate": 2},
            "broken": {"endpoint_url": fast_url, "role_arn": "no role"},
            "fast": {"endpoint_url": fast_url, "rate": 1000},
        }
        ended = []
        results = batcher.iter_updates(updates, target="slow", targets=targets)
        async for result in results:
            ended.append(result.target)
        assert len(fast.applied()) == 300
        batch = await batcher.update_many(updates[308:], target="broken", targets=targets)
    assert (ended.count("fast"), ended.count("slow"), ended.count("broken")) == (300, 8, 0)
    assert ended[-1] == "slow"
    assert batch.stopped is None
    assert batch.counts.succeeded == 300


async def test_a_target_with_wrong_settings_costs_the_others_no_result() -> None:
    emulator = Emulator(latency=(0.2, 0.2))
    emulator.seed([trigger(n) for n in range(40)])
    async with emulator as url:
        targets: dict[str, dict[str, Any]] = {
            "good": {"endpoint_url": url},
            "bad": {"endpoint_url": url, "profile": "no such"},
        }

        async def updates() -> AsyncIterator[dict[str, Any]]:
            for n in range(20):
                yield {"target": "good", **change(n)}
            await until(lambda: emulator.counts())  # some are in flight
            yield {"target": "bad", **change(0)}
            for n in range(20, 40):
                yield {"target": "good", **change(n)}

        batch = await batcher.update_many(updates(), target="good", targets=targets)
        assert (batch.counts.succeeded, batch.counts.not_started) == (40, 1)
        assert "target bad: The config profile (no such) could not be found" in (
            batch.stopped or ""
        )
        with pytest.raises(batcher.SettingsError, match="no such"):
            await batcher.update_many([change(0)], target="bad", targets=targets)


async def test_the_library_keeps_off_the_users_files_unless_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    emulator = Emulator(rate=20, burst=5)
    emulator.seed([trigger(n) for n in range(60)])
    async with emulator as url:
        await batcher.update_many([change(n) for n in range(60)], endpoint_url=url)
        assert list(tmp_path.iterdir()) == []
        await batcher.update_many([change(n) for n in range(60)], endpoint_url=url, remember=True)
    assert [path.name for path in tmp_path.iterdir()] == ["batcher"]


async def test_the_library_reads_no_variable_and_no_file_of_batchers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nonsense = {"RATE": "fast", "ENDPOINT_URL": "http://127.0.0.1:1", "CONFIG": "/nowhere.toml"}
    for name, value in nonsense.items():
        monkeypatch.setenv(f"BATCHER_{name}", value)
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", url)
        batch = await batcher.update_many([change(1)], rate=1000)
    assert batch.counts.succeeded == 1


async def test_errors_that_are_yours_are_raised_bare() -> None:
    with pytest.raises(batcher.SettingsError, match="--rate"):
        await batcher.update_many([], rate=-1)

    def broken() -> Iterator[dict[str, Any]]:
        yield change(1)
        raise ZeroDivisionError

    async with Emulator() as url:
        with pytest.raises(ZeroDivisionError):
            await batcher.update_many(broken(), endpoint_url=url, rate=1000)


async def test_the_library_is_silent_unless_logging_is_configured(
    caplog: pytest.LogCaptureFixture,
) -> None:
    script = (
        "import asyncio, batcher; asyncio.run(batcher.update_many([{update}], endpoint_url={url!r},"
        " rate=1000))"
    )
    async with Emulator() as url:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            script.format(update=change(1), url=url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert (process.returncode, said) == (0, b"")
        with caplog.at_level(logging.INFO, logger="batcher"):
            await batcher.update_many([change(1)], endpoint_url=url, rate=1000)
    events = [record.msg["event"] for record in caplog.records if record.name == "batcher"]
    assert events == ["attempt.answered", "update.settled"]


async def test_the_settings_that_change_what_an_update_means_count_in_the_library_too() -> None:
    emulator = Emulator()
    emulator.seed([trigger(1, "globex")])
    async with emulator as url:
        batch = await batcher.update_many(
            [change(1)], endpoint_url=url, rate=1000, domain_map="acme=globex"
        )
    assert (batch.counts.succeeded, batch.results[0].domain) == (1, "globex")
