"""A run in waves: what each changes, what comes between, and that no crash changes any of it."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from batcher.emulator import Emulator
from batcher.jobs.wave_execution import PUT_BACK
from batcher.jobs.wave_gate import Nobody
from batcher.records import INTERRUPTED
from batcher.storage.wave_file import WaveProgress, read_waves
from tests.conftest import change, trigger
from tests.jobs.conftest import SettingsFor
from tests.jobs.test_run_execution import Answers, ready_to_start
from tests.waiting import until

Write = Callable[..., Path]
DOMAINS = "abcde"


def seeded(count: int = 4) -> Emulator:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n, domain) for domain in DOMAINS for n in range(count)])
    return emulator


@pytest.fixture
def settings_for(settings_for: SettingsFor) -> SettingsFor:
    return partial(settings_for, rate=2000)


def lines(count: int = 4) -> list[dict[str, Any]]:
    return [change(n, domain) for domain in DOMAINS for n in range(count)]


def progress_of(file: Path) -> WaveProgress:
    return read_waves(file.with_suffix(".run") / "waves.json")


def spread(emulator: Emulator) -> Counter[str]:
    return Counter(each["DomainName"] for each in emulator.applied())


async def test_each_wave_is_of_all_domains_and_is_asked_about(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    applied: list[dict[str, int]] = []
    answers = Answers(True, lambda summary: applied.append(spread(emulator)))
    file, emulator = write_lines(lines()), seeded()
    async with (
        emulator as url,
        ready_to_start(file, settings_for(url, waves="5,50%,rest")) as run,
    ):
        summary = await run.execute(attendant=answers)
        assert (run.wave, run.state.changed.count) == ("wave 3/3", 20)
    assert applied == [dict.fromkeys(DOMAINS, 1), dict.fromkeys(DOMAINS, 3)]
    assert (summary.succeeded, summary.stopped) == (20, None)


async def test_without_anybody_each_start_does_one_wave_and_a_plain_run_has_no_waves(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator, found = write_lines(lines()), seeded(), []
    async with emulator as url:
        for waves in ("5,10,rest", "5,10,rest", "5,10,rest"):
            async with ready_to_start(file, settings_for(url, waves=waves)) as run:
                found.append(await run.execute())
    assert [each.succeeded for each in found] == [5, 15, 20]
    assert [each.stopped for each in found] == [
        "after wave 1 of 3 (--waves)",
        "after wave 2 of 3 (--waves)",
        None,
    ]
    plain = file.rename(file.with_name("plain.jsonl"))
    async with seeded() as url, ready_to_start(plain, settings_for(url)) as run:
        assert ((await run.execute()).succeeded, run.wave) == (20, "")
    assert not (plain.with_suffix(".run") / "waves.json").exists()


async def test_what_is_unchanged_is_of_no_wave_and_a_wave_of_nothing_is_not_checked(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    same = [{**change(n, "a"), "Description": f"before-{n}"} for n in range(6)]
    checked = tmp_path / "checked"
    check = f"sh -c 'echo $BATCHER_WAVE >> {checked}'"
    file, emulator = write_lines([*same, *lines(2)[4:]]), seeded(6)
    async with emulator as url:
        settings = settings_for(url, waves="3,2,2,rest", check=check)
        async with ready_to_start(file, settings) as run:
            summary = await run.execute()
        assert (summary.unchanged, summary.succeeded, summary.stopped) == (6, 6, None)
        assert checked.read_text().split() == ["1", "2", "3"], "the third did all that was left"


@pytest.mark.parametrize("check", ["false", "true"])
async def test_a_check_at_the_end_is_one_of_the_whole_run(
    settings_for: SettingsFor, write_lines: Write, check: str
) -> None:
    file = write_lines(lines(1))
    async with seeded() as url:
        async with ready_to_start(file, settings_for(url, check=check)) as run:
            summary = await run.execute()
        assert summary.succeeded == 5
        assert (summary.stopped is None) == (check == "true")
        if check == "false":
            async with ready_to_start(file, settings_for(url)) as run:
                stopped = (await run.execute()).stopped
            assert stopped is not None
            assert "--override-check" in stopped, "also without the check"
            async with ready_to_start(file, settings_for(url)) as run:
                assert (await run.execute(override_check=True)).stopped is None


async def test_a_run_whose_check_failed_does_not_go_on_with_other_waves_or_without_any(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines(lines()), seeded()
    async with emulator as url:
        given: list[dict[str, Any]] = [
            {"waves": "5,rest", "check": "false"},
            {"waves": "15,rest", "check": "true"},
            {},
        ]
        for each in given:
            async with ready_to_start(file, settings_for(url, **each)) as run:
                summary = await run.execute()
            assert summary.stopped is not None
            assert "the check of wave 1 of 2 failed" in summary.stopped
            assert len(emulator.applied()) == 5
        async with ready_to_start(file, settings_for(url, waves="5,10,rest")) as run:
            summary = await run.execute(override_check=True)
        assert (summary.stopped, summary.succeeded) == ("after wave 2 of 3 (--waves)", 15)


@pytest.mark.parametrize("how", ["drain", "kill"])
async def test_one_that_ends_in_a_check_has_it_run_again(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path, how: str
) -> None:
    begun, may_end = tmp_path / "begun", tmp_path / "may-end"
    check = f"sh -c 'echo $$ >> {begun}; test -e {may_end} || exec sleep 60'"
    file, emulator = write_lines(lines()), seeded()
    async with emulator as url:
        settings = settings_for(url, waves="5,rest", check=check)
        async with ready_to_start(file, settings) as run:
            executing = asyncio.create_task(run.execute())
            await until(begun.exists)
            if how == "drain":
                run.drain()
                assert (await executing).stopped == INTERRUPTED
            else:
                executing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await executing
        ended = progress_of(file).ended
        assert ended is not None
        assert (ended.number, ended.outcome, len(emulator.applied())) == (1, None, 5)
        may_end.touch()
        async with ready_to_start(file, settings) as run:
            assert (await run.execute()).stopped is None
    assert len(begun.read_text().split()) == 3, "of the first wave twice, and of the last"


async def test_one_that_is_killed_in_a_soak_waits_for_what_is_left_of_it(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator, told = write_lines(lines()), seeded(), list[str]()

    class Listening(Nobody):
        def tell(self, text: str) -> None:
            told.append(text)

    async with emulator as url:
        settings = settings_for(url, waves="5,rest", soak="1h")
        for _ in range(2):
            async with ready_to_start(file, settings) as run:
                executing = asyncio.create_task(run.execute(attendant=Listening()))
                await until(lambda: told and told[-1].startswith("Soaks for"))
                executing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await executing
                assert len(emulator.applied()) == 5
        path = file.with_suffix(".run") / "waves.json"
        said = json.loads(path.read_bytes())
        assert any(each.startswith("Soaks for 3,") for each in told)
        said["ended"]["ended_at"] = "2026-01-01T00:00:00Z"  # an hour is over
        path.write_text(json.dumps(said))
        async with ready_to_start(file, settings) as run:
            assert (await run.execute()).succeeded == 20
    assert sum("has ended" in each for each in told) == 1, "it is told of once"


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"waves": "1,2,rest"}, 2),
        ({"canary": 1}, 1),
        ({"waves": "5,rest"}, 0),  # more than there are of the other
        ({"canary": 5}, 0),
        ({"waves": "5,rest", "soak": "1h"}, 0),
    ],
    ids=str,
)
async def test_after_the_last_wave_beside_a_target_that_is_left_for_later_nobody_is_asked(
    settings_for: SettingsFor, write_lines: Write, more: dict[str, Any], asked: int
) -> None:
    names, emulator = ("here", "left"), seeded()
    file = write_lines([{**change(n, "a"), "target": name} for n in range(4) for name in names])
    async with emulator as url:
        regions = ("eu-west-1", "us-east-1")
        targets = {name: {"region": each} for name, each in zip(names, regions, strict=True)}
        settings = settings_for(url, targets=targets, target="here", without_target="left", **more)
        async with ready_to_start(file, settings) as run:
            with anyio.fail_after(20):
                summary = await run.execute(attendant=(answers := Answers(True)))
    assert (len(answers.asked), summary.succeeded, summary.not_started) == (asked, 4, 4)
    assert str(summary.stopped).startswith("target left: left for later")


async def test_a_target_that_stops_in_a_wave_holds_up_no_other(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    both = [
        {**change(n, domain), "target": target}
        for n in range(20)
        for domain, target in (("a", "good"), ("b", "bad"))
    ]
    file = write_lines(both)
    good, bad = (
        Emulator(latency=(0.0, 0.0)),
        Emulator(latency=(0.0, 0.0), faults={"access-denied": 1.0}),
    )
    good.seed([trigger(n, "a") for n in range(20)])
    bad.seed([trigger(n, "b") for n in range(20)])
    async with good as url, bad as other:
        targets = {"good": {"endpoint_url": url}, "bad": {"endpoint_url": other}}
        settings = settings_for(
            url, waves="24,rest", targets=targets, max_failures="0", max_attempts=1
        )
        async with ready_to_start(file, settings) as run:
            with anyio.fail_after(20):
                summary = await run.execute()
    assert summary.stopped is not None
    assert "target bad" in summary.stopped


async def test_a_run_that_its_updates_stop_is_to_be_put_back_and_goes_no_further(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines(lines()), seeded()
    emulator.script("UpdateEventTrigger", [None, None, "internal"])
    async with emulator as url:
        settings = settings_for(
            url, rollback_on_failure=True, max_failures="0", max_attempts=1, concurrency=1
        )
        async with ready_to_start(file, settings) as run:
            summary = await run.execute()
        assert str(summary.stopped).endswith(PUT_BACK)
        undo = progress_of(file).undo
        assert undo is not None
        assert ("did not succeed, more than --max-failures 0" in undo.reason) is not undo.done
    assert 2 <= len(emulator.applied()) < 20


async def test_one_that_is_put_back_is_not_said_to_go_on(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines(lines(1)), Emulator(latency=(0.0, 0.0), clear_omitted=True)
    emulator.seed([{**trigger(0, domain), "SegmentFilter": "some"} for domain in DOMAINS])
    async with emulator as url:
        settings = settings_for(url, rollback_on_failure=True, whole="never", concurrency=1)
        async with ready_to_start(file, settings) as run:
            stopped = str((await run.execute()).stopped)
    undo = progress_of(file).undo
    assert undo is not None
    assert undo.reason.startswith("MoreThanAsked, line 1")
    assert (stopped, "goes on" in undo.reason) == (f"{undo.reason}. {PUT_BACK}", False)


async def test_a_signal_ends_it_and_nothing_else_whatever_fails_after_that(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = (
        write_lines([change(n, "nowhere") for n in range(3)]),
        Emulator(latency=(0.1, 0.1)),
    )
    async with emulator as url:
        settings = settings_for(url, rollback_on_failure=True, max_failures="0")
        async with ready_to_start(file, settings) as run:

            async def interrupt() -> None:
                await until(lambda: run.in_flight)
                run.drain()

            summary = await run.execute(interrupt)
    assert (summary.failed > 0, summary.stopped) == (True, INTERRUPTED)
    assert run.ended_by_its_updates() is not None
    assert (run.is_to_be_undone, progress_of(file)) == (False, WaveProgress())


@pytest.mark.parametrize("how", ["refused", "drained"])
async def test_what_does_not_stop_it_by_its_updates_is_not_put_back(
    settings_for: SettingsFor, write_lines: Write, how: str
) -> None:
    faults = {"access-denied": 1.0} if how == "refused" else {}
    file = write_lines([change(n, "a") for n in range(30)])
    emulator = Emulator(latency=(0.0, 0.0), faults=faults)
    emulator.seed([trigger(n, "a") for n in range(30)])
    async with emulator as url:
        settings = settings_for(url, rollback_on_failure=True, max_failures="none", waves="25,rest")
        async with ready_to_start(file, settings) as run:
            if how == "drained":
                run.drain()
            summary = await run.execute()
    assert summary.stopped is not None
    assert progress_of(file) == WaveProgress()
