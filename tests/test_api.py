"""The library door: ``update_many`` and ``iter_updates`` over real HTTP."""

import asyncio
import dataclasses
import logging
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiobotocore.config import AioConfig

import batcher
from batcher import api
from batcher.emulator import Emulator
from batcher.library.batch_result import BatchResult
from tests.conftest import change, sdk_session, trigger
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
        sdk_session().create_client("customer-profiles", endpoint_url=url, config=config) as client,
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
        r"(\d+) of \1 did not succeed, more than max_failures=5 .*", batch.stopped or ""
    )
    assert 6 <= len(batch.results) < 20


async def test_a_slow_or_broken_target_does_not_hold_back_others_that_come_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, fast = Emulator(rate=2, burst=1), Emulator()
    for emulator in (slow, fast):
        emulator.seed([trigger(n) for n in range(300)])
    order = ["slow"] * 12 + ["broken"] * 300 + ["fast"] * 300
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
        batch = await batcher.update_many(updates[312:], target="broken", targets=targets)
    assert (ended.count("fast"), ended.count("slow"), ended.count("broken")) == (300, 12, 0)
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "batcher").mkdir()
    (tmp_path / "batcher" / "quotas.json").write_text("damaged: whoever reads it says so")
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        await batcher.update_many([change(1)], endpoint_url=url)
        assert "quotas.unusable" not in caplog.text
        await batcher.update_many([change(1)], endpoint_url=url, remember=True)
    assert "quotas.unusable" in caplog.text


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
    with pytest.raises(batcher.SettingsError, match=r"^rate: "):
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
            await batcher.update_many([change(1)], endpoint_url=url, rate=1000, whole="never")
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


CutShort = Callable[[Awaitable[Any], list[batcher.Result]], Awaitable[None]]


async def asyncio_timeout(work: Awaitable[Any], told: list[batcher.Result]) -> None:
    async with asyncio.timeout(0.5):
        await work


async def wait_for(work: Awaitable[Any], told: list[batcher.Result]) -> None:
    await asyncio.wait_for(work, 0.5)


async def anyio_fail_after(work: Awaitable[Any], told: list[batcher.Result]) -> None:
    with anyio.fail_after(0.5):
        await work


async def anyio_move_on_after(work: Awaitable[Any], told: list[batcher.Result]) -> None:
    with anyio.move_on_after(0.5):
        await work


async def cancelled_twice(work: Awaitable[Any], told: list[batcher.Result]) -> None:
    task = asyncio.ensure_future(work)
    await until(lambda: told)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await task


async def task_group(work: Awaitable[Any], told: list[batcher.Result]) -> None:
    async def fail() -> None:
        await until(lambda: told)
        raise ZeroDivisionError

    async def wait() -> None:
        await work

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wait())
        tasks.create_task(fail())


def carried(error: BaseException | None) -> tuple[batcher.Result, ...] | None:
    """The results on an exception, or on what led to it."""
    while error is not None:
        if (results := getattr(error, "results", None)) is not None:
            return tuple(results)
        error = error.__cause__ or error.__context__
    return None


@pytest.mark.parametrize(
    "cut_short",
    [
        asyncio_timeout,
        wait_for,
        anyio_fail_after,
        anyio_move_on_after,
        cancelled_twice,
        task_group,
    ],
)
async def test_whatever_cuts_a_batch_short_on_result_has_been_told_of_all_that_was_applied(
    cut_short: CutShort,
) -> None:
    """Where an exception comes out, it or what led to it has the results as well."""
    emulator, told = Emulator(latency=(0.02, 0.02)), list[batcher.Result]()
    emulator.seed([trigger(n) for n in range(500)])
    error: BaseException | None = None
    async with emulator as url:
        work = batcher.update_many(
            (change(n) for n in range(500)), endpoint_url=url, rate=40, on_result=told.append
        )
        try:
            await cut_short(work, told)
        except (TimeoutError, asyncio.CancelledError, ExceptionGroup) as raised:
            error = raised
        assert ours() == set()
        applied = {entry["EventTriggerName"] for entry in emulator.applied()}
    assert {result.status for result in told} <= {"succeeded", "in_doubt"}
    assert applied <= {result.trigger for result in told}
    assert len(told) < 500
    if cut_short not in (anyio_move_on_after, task_group):  # where nothing of it comes out
        assert carried(error) == tuple(sorted(told, key=lambda result: result.line))


class Closed(Exception):
    """An exception that takes no results."""

    @property
    def results(self) -> str:
        return "its own"


@pytest.mark.parametrize("kind", [ZeroDivisionError, SystemExit, ExceptionGroup, Closed])
async def test_what_the_program_itself_raises_carries_the_results(
    kind: type[BaseException],
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    error = ExceptionGroup("two", [ValueError(), OSError()]) if kind is ExceptionGroup else kind()

    async def updates() -> AsyncIterator[dict[str, Any]]:
        for n in range(3):
            yield change(n)
        await until(lambda: len(emulator.applied()) == 3)
        raise error

    async with emulator as url:
        with pytest.raises(batcher.BatcherError if kind is Closed else kind) as raised:
            await batcher.update_many(updates(), endpoint_url=url, rate=1000)
    assert raised.value is (raised.value if kind is Closed else error)
    assert raised.value.__cause__ is (error if kind is Closed else None)
    assert [result.line for result in carried(raised.value) or ()] == [1, 2, 3]


async def test_iter_updates_yields_every_result_before_it_raises() -> None:
    emulator, seen = Emulator(), list[int]()
    emulator.seed([trigger(n) for n in range(30)])

    def updates() -> Iterator[dict[str, Any]]:
        yield from (change(n) for n in range(30))
        raise ZeroDivisionError

    async def read(url: str) -> None:
        async for result in batcher.iter_updates(updates(), endpoint_url=url, rate=1000):
            seen.append(result.line)

    async with emulator as url:
        with pytest.raises(ZeroDivisionError) as raised:
            await read(url)
        assert len(emulator.applied()) == len(seen)
    assert carried(raised.value) == ()


async def test_a_loop_over_results_that_is_cancelled_has_the_rest_of_them_on_the_error() -> None:
    emulator, seen, told = Emulator(), list[batcher.Result](), list[batcher.Result]()
    emulator.seed([trigger(n) for n in range(200)])

    async def loop(url: str) -> None:
        results = batcher.iter_updates(
            [change(n) for n in range(200)], endpoint_url=url, rate=40, on_result=told.append
        )
        async with aclosing(results):
            async for result in results:
                seen.append(result)

    async with emulator as url:
        work = asyncio.create_task(loop(url))
        await until(lambda: len(seen) > 3)
        work.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await work
        applied = {entry["EventTriggerName"] for entry in emulator.applied()}
    assert {*seen, *(carried(raised.value) or ())} == {*told}
    assert applied <= {result.trigger for result in told}
    assert ours() == set()


async def test_a_string_or_one_update_is_refused_before_anything_else() -> None:
    for updates in ("[]", b"[]", change(1)):
        with pytest.raises(TypeError, match="updates has to be an iterable"):
            await batcher.update_many(updates, rate=-1)
        with pytest.raises(TypeError, match="updates has to be an iterable"):
            batcher.iter_updates(updates)


def test_without_a_loop_of_asyncio_nothing_begins() -> None:
    """As under trio, whose loop is none of asyncio's."""
    with pytest.raises(RuntimeError, match=r"batcher runs on asyncio.*trio can't be used"):
        batcher.update_many([change(1)]).send(None)
    with pytest.raises(RuntimeError, match=r"batcher runs on asyncio.*trio can't be used"):
        batcher.iter_updates([change(1)]).__anext__().send(None)


def test_results_can_be_asked_for_before_a_loop_runs_and_are_read_in_one_loop() -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    with asyncio.Runner() as first, asyncio.Runner() as second:
        url = first.run(emulator.__aenter__())
        results = batcher.iter_updates([change(1)] * 9, endpoint_url=url, rate=1000)
        assert first.run(anext(results)).status == "succeeded"
        with pytest.raises(RuntimeError, match="begun in another event loop"):
            second.run(anext(results))
        first.run(emulator.__aexit__(None, None, None))


def test_an_interrupt_carries_the_results_on_what_led_to_it() -> None:
    script = """
import asyncio, os, signal, batcher
from batcher.emulator import Emulator
from tests.conftest import change, trigger
signal.signal(signal.SIGINT, signal.default_int_handler)
told = []
def tell(result):
    told.append(result)
    if len(told) == 10:
        os.kill(os.getpid(), signal.SIGINT)
async def main():
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(100)])
    async with emulator as url:
        many = [change(n) for n in range(100)]
        await batcher.update_many(many, endpoint_url=url, rate=100, on_result=tell)
try:
    asyncio.run(main())
except KeyboardInterrupt as error:
    assert {*error.__context__.results} == {*told}
    print("carried")
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": "."}, capture_output=True
    )
    assert ended.stdout == b"carried\n", ended.stderr.decode()


def test_the_package_shows_what_it_exports_and_nothing_else() -> None:
    taken: dict[str, Any] = {}
    exec("from batcher import *", taken)
    assert {name for name in taken if not name.startswith("__")} == {*batcher.__all__}
    assert {name for name in dir(batcher) if not name.startswith("__")} == {*batcher.__all__}
    assert "__version__" in dir(batcher)
    assert all(getattr(batcher, name).__doc__ for name in batcher.__all__)
    with pytest.raises(AttributeError, match="module 'batcher' has no attribute 'nothing'"):
        batcher.nothing  # noqa: B018 # the attribute is what is tested


async def test_what_is_shown_of_results_holds_nothing_sensitive() -> None:
    emulator = Emulator(faults={"internal": 0.3, "reset-after": 0.2})
    emulator.seed([trigger(n) for n in range(10)])
    conditions = trigger(1)["EventTriggerConditions"]
    updates: list[dict[str, Any]] = [
        *(change(n, EventTriggerConditions=conditions) for n in range(20)),
        change(1, Description=["after-1"]),
        change(1, Description="after-1" * 10_000),
        change(1, EventTriggerConditions=["SECRET-VALUE-1"]),
    ]
    async with emulator as url:
        batch = await batcher.update_many(
            updates, endpoint_url=url, rate=1000, max_attempts=2, whole="never"
        )
    assert batch.counts.invalid == 3
    assert batch.counts.errors["ResourceNotFoundException"] >= 5
    with pytest.raises(batcher.UpdatesFailed) as raised:
        batch.raise_for_failures()
    shown = [batch, raised.value, *batch.results, *dataclasses.asdict(batch)["results"]]
    assert not re.search(r"after-\d|SECRET-VALUE", " ".join(map(repr, shown)))
