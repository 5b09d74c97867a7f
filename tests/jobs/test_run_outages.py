"""A run whose target is away for a while: nothing fails, and it ends, waits or resumes."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.jobs.report import RunReporter
from batcher.jobs.run_ending import RunEnding
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_outages import RunOutages
from batcher.jobs.run_progress import ProgressMeter
from batcher.records import INTERRUPTED
from batcher.storage.run_directory import RunDirectory
from tests.conftest import change, records
from tests.hooks.test_cloud_event import check_event
from tests.jobs.conftest import SettingsFor, seeded
from tests.jobs.test_run_execution import ready_to_start
from tests.waiting import until

Write = Callable[..., Path]


def watch(run: ApprovedRun, opened: Callable[[], object]) -> list[str | None]:
    """What is told of the target; ``opened``: called when it is away."""
    told: list[str | None] = []

    def note(_: str, reason: str | None) -> None:
        told.append(reason)
        if reason is not None:
            opened()

    assert isinstance(run.outages, RunOutages)
    run.outages.observers.append(note)
    return told


@pytest.mark.parametrize("fault", ["internal", "unavailable-html", "reset-before", "expired-token"])
async def test_faults_on_everything_in_mid_run_are_waited_out_and_nothing_fails(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path, fault: str
) -> None:
    file, emulator = write_lines([change(n) for n in range(60)]), seeded(60)
    hook = {"on": ["breaker_opened"], "command": f"tee -a {tmp_path / 'hook'}"}
    shown: list[str] = []
    async with (
        emulator as url,
        ready_to_start(file, settings_for(url, rate=200, hooks=[hook])) as run,
    ):

        def opened() -> None:
            shown.append(ProgressMeter(run, 0.0).read(1.0).away or "")
            emulator.set_faults({})

        told = watch(run, opened)
        executing = asyncio.create_task(run.execute())
        await until(lambda: len(emulator.applied()) >= 5)
        emulator.set_faults({fault: 1.0})
        summary = await executing
        assert len({each["EventTriggerName"] for each in emulator.applied()}) == 60
    assert (summary.succeeded, summary.stopped) == (60, None)
    assert [reason is None for reason in told] == [False, True]
    assert summary.seconds.unreachable > 0
    assert "target away for" in shown[0]
    (event,) = (check_event(line) for line in (tmp_path / "hook").read_text().splitlines())
    assert event["data"]["breaker"]["target"] == "default"
    assert event["data"]["breaker"]["code"]
    log = (file.with_suffix(".run") / "results.jsonl").read_text()
    assert {json.loads(line)["status"] for line in log.splitlines()} == {"succeeded"}


async def test_given_up_in_an_outage_it_resumes_in_it_and_a_signal_ends_it_at_once(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(n) for n in range(40)]), seeded(40)
    async with emulator as url:
        settings = settings_for(url, rate=200, outage_limit=0, before=False)
        async with ready_to_start(file, settings) as run:
            executing = asyncio.create_task(run.execute())
            await until(lambda: len(emulator.applied()) >= 5)
            emulator.set_faults({"reset-after": 1.0})  # applied, and never answered
            summary = await executing
        assert summary.stopped is not None
        assert "nothing could be done for" in summary.stopped
        assert "--outage-limit" in summary.stopped
        assert summary.succeeded + summary.not_started == 40
        path = file.with_suffix(".run")
        assert len(emulator.applied()) > summary.succeeded
        told = RunReporter(path).report().maybe_sent  # though it has ended in order
        assert told is not None
        assert told.updates == RunEnding.of(RunDirectory(path), summary).maybe_sent
        assert told.updates == summary.not_started
        settings = settings_for(url, rate=200, before=False)
        async with ready_to_start(file, settings) as run:
            watch(run, run.drain)
            summary = await run.execute()
        assert summary.stopped == INTERRUPTED
        assert summary.wall_seconds < 5
        assert summary.succeeded + summary.not_started == 40
        async with ready_to_start(file, settings) as run:
            watch(run, lambda: emulator.set_faults({}))
            summary = await run.execute()
    assert (summary.succeeded, summary.stopped) == (40, None)
    lines = [each["line"] for each in records(file.with_suffix(".run") / "results.jsonl")]
    assert sorted(lines) == list(range(1, 41))


async def test_access_that_is_withdrawn_in_mid_run_is_no_failure_of_updates(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(n) for n in range(60)]), seeded(60)
    async with emulator as url, ready_to_start(file, settings_for(url, rate=200)) as run:
        watch(run, lambda: emulator.set_faults({}))
        executing = asyncio.create_task(run.execute())
        await until(lambda: len(emulator.applied()) >= 5)
        emulator.set_faults({"access-denied": 1.0})
        summary = await executing
    assert (summary.succeeded, summary.failed) == (60, 0)
