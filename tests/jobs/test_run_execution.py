"""The running of a run: its canary, drained, aborted, resumed; a limit of failures."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.accounting.denials import Action
from batcher.accounting.verdicts import Verdict
from batcher.cli.output.summary import summary_lines
from batcher.config import Settings
from batcher.emulator import Emulator
from batcher.errors import RunDirectoryError, WrongAccountError
from batcher.jobs.report import RunReporter
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_ending import RunEnding
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_order import Unattended
from batcher.jobs.run_progress import ProgressMeter
from batcher.jobs.verify import verify_run
from batcher.jobs.wave_gate import Nobody
from batcher.jobs.waves import ChangedUpdates
from batcher.operations import UPDATE_TRIGGER
from batcher.records import INTERRUPTED, RequestCount, Result, Summary
from tests.conftest import change, records, trigger
from tests.jobs.conftest import SettingsFor, seeded
from tests.waiting import until

Write = Callable[..., Path]


@asynccontextmanager
async def ready_to_start(
    file: Path, settings: Settings, on_result: Callable[[Result], None] | None = None
) -> AsyncIterator[ApprovedRun]:
    unattended = None
    if on_result is not None:
        unattended = Unattended(on_result=on_result, on_attempt=lambda *_: None)
    out = file.with_suffix(".run")
    with open_run(str(file), out, settings, unattended=unattended) as opened:
        checked = await opened.check()
        assert isinstance(checked, CheckedRun)
        async with checked.connect() as ready:
            run = await ready.approve()
            assert isinstance(run, ApprovedRun)
            yield run


def drain_after(count: int, run: ApprovedRun) -> None:
    if run.state.changed.count >= count:
        run.drain()


class Answers(Nobody):
    """An Attendant that says that, and looks at each summary that it is asked about first."""

    def __init__(self, goes_on: bool, look: Callable[[Summary], None] = lambda summary: None):
        self.goes_on = goes_on
        self.look = look
        self.asked: list[Summary] = []

    async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        self.look(summary)
        self.asked.append(summary)
        return self.goes_on


class NeverAsked(Nobody):
    async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        raise AssertionError(question)


@pytest.mark.parametrize("goes_on", [True, False, None])
async def test_after_a_canary_the_rest_goes_only_if_somebody_says_so(
    settings_for: SettingsFor, write_lines: Write, goes_on: bool | None
) -> None:
    def look(summary: Summary) -> None:
        assert len(emulator.applied()) == 2

    answers = Answers(bool(goes_on), look)
    file, emulator = write_lines([change(n) for n in range(5)]), seeded()
    async with emulator as url:
        async with ready_to_start(file, settings_for(url, canary=2)) as run:
            summary = await run.execute(attendant=None if goes_on is None else answers)
        applied = len(emulator.applied())
    assert [(each.succeeded, each.not_started) for each in answers.asked] == (
        [] if goes_on is None else [(2, 3)]
    )
    if goes_on:
        assert (applied, summary.succeeded, summary.stopped) == (5, 5, None)
    else:
        assert (applied, summary.stopped) == (2, "after the first 2 (--canary)")
        written = (file.with_suffix(".run") / "summary.json").read_text()
        assert "after the first 2 (--canary)" in written


async def test_a_canary_that_an_earlier_session_has_done_is_not_asked_about_again(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file = write_lines([change(n) for n in range(3)])
    async with seeded() as url:
        async with ready_to_start(file, settings_for(url, canary=2)) as run:
            assert (await run.execute()).not_started == 1
        async with ready_to_start(file, settings_for(url, canary=2)) as run:
            assert (await run.execute(attendant=NeverAsked())).succeeded == 3


async def test_a_canary_counts_what_changes_something_over_sessions_and_names_it(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    answers = Answers(False)

    def named(summary: Summary) -> list[tuple[object, ...]]:
        assert isinstance(summary.canary, list)
        return [(each.line, each.id, each.domain, each.trigger) for each in summary.canary]

    same = [
        {
            "DomainName": "acme",
            "EventTriggerName": f"t{n}",
            "Description": trigger(n)["Description"],
        }
        for n in range(10)
    ]
    lines = [*same, change(99), *({**change(n), "id": f"row-{n}"} for n in range(10))]
    file, emulator, runs = write_lines(lines), seeded(10), []
    async with emulator as url:
        settings = settings_for(url, canary=4, concurrency=1)
        async with ready_to_start(file, settings, lambda result: drain_after(2, runs[0])) as run:
            runs.append(run)
            first = await run.execute(attendant=answers)
        done = first.succeeded  # the third may leave while the second's result goes to disk
        assert (first.stopped, first.unchanged, first.failed) == (INTERRUPTED, 10, 1)
        assert done in {2, 3}
        async with ready_to_start(file, settings_for(url, canary=4)) as run:
            second = await run.execute(attendant=answers)
        assert len(emulator.applied()) == 4
        four = [(12 + n, f"row-{n}", "acme", f"t{n}") for n in range(4)]
        assert named(first) == four[:done]
        assert named(second) == four
        assert [named(each) for each in answers.asked] == [four]
        assert second.stopped == "after the first 4 (--canary)"
        written = json.loads((file.with_suffix(".run") / "summary.json").read_text())
        assert [each["trigger"] for each in written["canary"]] == ["t0", "t1", "t2", "t3"]
        async with ready_to_start(file, settings_for(url, canary=4)) as run:
            last = await run.execute(attendant=answers)
        assert (last.stopped, last.succeeded, len(answers.asked), named(last)) == (
            None,
            10,
            1,
            four,
        )


async def test_a_canary_in_trouble_stops_without_a_question(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(n) for n in range(3)]), seeded()
    emulator.script("UpdateEventTrigger", ["internal"])
    async with emulator as url:
        settings = settings_for(url, canary=1, max_failures="0", max_attempts=1)
        async with ready_to_start(file, settings) as run:
            summary = await run.execute(attendant=NeverAsked())
    assert (
        summary.stopped
        == "1 of 1 did not succeed, more than --max-failures 0 (none turns that off)"
    )


async def test_drained_before_its_start_it_starts_nothing_and_a_resume_does_all(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(n) for n in range(3)]), seeded()
    async with emulator as url:
        async with ready_to_start(file, settings_for(url)) as run:
            run.drain()
            summary = await run.execute()
        assert (summary.stopped, summary.not_started) == (INTERRUPTED, 3)
        assert emulator.calls() == []
        async with ready_to_start(file, settings_for(url)) as run:
            assert (await run.execute()).succeeded == 3


async def test_drained_on_its_way_it_finishes_what_is_in_flight_and_a_resume_does_the_rest_once(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator, runs = write_lines([change(n) for n in range(20)]), seeded(20), []
    async with emulator as url:
        settings = settings_for(url, concurrency=1)
        async with ready_to_start(file, settings, lambda result: runs[0].drain()) as run:
            runs.append(run)
            summary = await run.execute()
            assert summary.stopped == INTERRUPTED
            assert 0 < summary.succeeded < 20
        async with ready_to_start(file, settings_for(url)) as run:
            assert (await run.execute()).succeeded == 20
        assert len(emulator.applied()) == 20
    lines = [each["line"] for each in records(file.with_suffix(".run") / "results.jsonl")]
    assert sorted(lines) == list(range(1, 21))


async def test_aborted_it_has_what_is_in_flight_in_doubt_and_verify_settles_it(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(0), change(1)]), seeded()
    emulator.script("UpdateEventTrigger", ["hang-after", "hang"])
    out = file.with_suffix(".run")
    async with emulator as url:
        async with ready_to_start(file, settings_for(url)) as run:
            executing = asyncio.create_task(run.execute())
            await until(lambda: emulator.applied() and run.lanes[0].pacer.in_flight == 2)
            run.abort()
            summary = await executing
        assert (summary.in_doubt, summary.not_started, summary.attempts) == (2, 0, 2)
        errors = [each["error"]["code"] for each in records(out / "results.jsonl")]
        assert errors == ["Interrupted", "Interrupted"]
        assert len(records(out / "failed.jsonl")) == 2
        found = await verify_run(out, settings_for(url))
    assert (found.settled, found.wrong.count) == ({"succeeded": 1, "failed": 1}, 0)


async def test_unattended_what_is_in_flight_has_no_result_and_a_resume_sends_it_again(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, emulator = write_lines([change(0)]), seeded()
    emulator.script("UpdateEventTrigger", ["hang-after"])
    async with emulator as url:
        async with ready_to_start(file, settings_for(url), lambda result: None) as run:
            executing = asyncio.create_task(run.execute())
            await until(emulator.applied)
            run.abort()
            summary = await executing
        assert (summary.not_started, records(file.with_suffix(".run") / "results.jsonl")) == (1, [])
        told = RunReporter(file.with_suffix(".run")).report().maybe_sent
        assert told is not None
        assert [each.line for each in told.first] == [1]
        async with ready_to_start(file, settings_for(url)) as run:
            assert run.state.in_flight.keys() == {"1"}, "its image was kept"
            assert (await run.execute()).not_started == 0
        (result,) = records(file.with_suffix(".run") / "results.jsonl")
        assert (result["status"], result["attempts"]) == ("succeeded", 0)
        assert len(emulator.applied()) == 1, "what it did before is not done again, nor counted"


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("calls", [1, 4, 9, 15, 23])
async def test_whenever_it_is_aborted_what_was_applied_has_a_result(
    settings_for: SettingsFor, write_lines: Write, calls: int, looks: bool
) -> None:
    file = write_lines([change(n) for n in range(12)])
    faults = {"reset-before": 0.1, "reset-after": 0.1, "internal": 0.1, "throttle": 0.1}
    emulator = Emulator(latency=(0.0, 0.01), faults=faults, random_seed=calls)
    emulator.seed([trigger(n) for n in range(12)])
    async with emulator as url:
        settings = settings_for(url, before=looks, concurrency=4)
        async with ready_to_start(file, settings) as run:
            executing = asyncio.create_task(run.execute())
            await until(lambda: len(emulator.calls()) >= calls or executing.done())
            run.abort()
            summary = await executing
    applied = {each["EventTriggerName"] for each in emulator.applied()}
    results = records(file.with_suffix(".run") / "results.jsonl")
    told = {each["trigger"] for each in results if each["status"] in ("succeeded", "in_doubt")}
    assert applied <= told
    assert summary.not_started == 12 - len(results)
    statuses = [each["status"] for each in results]
    assert (summary.succeeded, summary.in_doubt) == (
        statuses.count("succeeded"),
        statuses.count("in_doubt"),
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_that_counts_requests_counts_those_that_the_server_saw(
    settings_for: SettingsFor, write_lines: Write, seed: int
) -> None:
    file, runs = write_lines([change(n) for n in range(12)]), list[ApprovedRun]()
    faults = {"internal": 0.1, "throttle": 0.5}
    emulator = Emulator(latency=(0.0, 0.0), faults=faults, random_seed=seed)
    emulator.seed([trigger(n) for n in range(12)])

    def seen() -> tuple[int, int]:
        outcomes = emulator.counts().get("UpdateEventTrigger", {})
        throttles = outcomes.get("ThrottlingException", 0)
        return sum(outcomes.values()), throttles

    async with emulator as url:
        settings = settings_for(url, rate=40, burst=4, concurrency=4, before=False)
        for throttled, ends in ((4, "drain"), (8, "abort"), (999, "")):

            def reached(throttled: int = throttled) -> bool:
                return seen()[1] >= throttled and bool(runs[-1].lanes)

            async with ready_to_start(file, settings) as run:
                runs.append(run)
                executing = asyncio.create_task(run.execute())
                over = executing.done
                await until(lambda over=over, reached=reached: reached() or over())
                run.drain() if ends == "drain" else run.abort() if ends else None
                summary = await executing
                snapshot = ProgressMeter(run, 0.0).read(1.0)
            attempts, throttles = seen()
            beside = summary.without_result or RequestCount()
            assert isinstance(beside, RequestCount)
            report = RunReporter(file.with_suffix(".run")).report()
            assert report.timeline is not None
            assert summary.throttles + beside.throttles == throttles
            assert summary.attempts + beside.attempts == attempts
            assert (report.accounts.attempts, report.accounts.throttles) == (
                summary.attempts,
                summary.throttles,
            )
            assert report.accounts.without_result == beside
            assert report.targets[0].without_result == beside
            assert sum(each.throttles for each in report.timeline.buckets) == throttles
            assert snapshot.throttled == throttles
    assert summary.not_started == 0
    assert beside.throttles > 0, "some were throttled in a session that gave them no result"


async def test_time_and_rate_are_of_all_sessions_and_of_all_parts(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file, runs, found = write_lines([change(n) for n in range(20)]), [], []
    async with seeded(20) as url:
        settings = settings_for(url, rate=20, burst=1, canary=2)
        for ends in (6, 12, 20):

            def stop(result: Result, ends: int = ends) -> None:
                if len(runs[-1].state.done) >= ends:
                    runs[-1].drain()

            async with ready_to_start(file, settings, stop) as run:
                runs.append(run)
                found.append(await run.execute(attendant=Answers(True)))
    assert [each.stopped for each in found[:2]] == [INTERRUPTED, INTERRUPTED]
    last = found[-1]
    assert last.succeeded == 20
    assert last.rate * last.wall_seconds == pytest.approx(20, rel=0.02)
    assert last.rate < 24
    sums = [each.wall_seconds for each in found]
    assert sums == sorted(sums)
    assert sums[-1] >= 16 / 20  # of each session the first update waits for nothing
    for each in found:
        causes = msgspec.structs.asdict(each.seconds)
        assert sum(causes.values()) == pytest.approx(each.wall_seconds, abs=0.02)
    manifest = json.loads((file.with_suffix(".run") / "run.json").read_bytes())
    assert manifest["spent"]["run"]["answered"] == 20
    assert manifest["spent"]["targets"]["default"]["answered"] == 20


async def test_the_time_of_a_session_that_was_killed_counts(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    file = write_lines([change(n) for n in range(9)])
    run_json = file.with_suffix(".run") / "run.json"

    def spent() -> dict[str, Any]:
        return (json.loads(run_json.read_bytes())["spent"] or {}).get("run", {})

    async with seeded(9) as url:
        async with ready_to_start(file, settings_for(url, rate=1.5, burst=1)) as run:
            executing = asyncio.create_task(run.execute())
            await until(lambda: run_json.exists() and spent().get("answered"))
            killed = tmp_path / "killed.run"
            shutil.copytree(file.with_suffix(".run"), killed)
            run.abort()
            await executing
        found = json.loads((killed / "run.json").read_bytes())["spent"]["run"]
        assert found["wall_seconds"] > 1
        assert not (killed / "summary.json").exists()
        assert any("ended by force" in note for note in RunReporter(killed).report().notes)
        killed.rename(tmp_path / "again.run")
        again = file.rename(tmp_path / "again.jsonl")
        async with ready_to_start(again, settings_for(url, rate=100)) as run:
            summary = await run.execute()
    manifest = json.loads((tmp_path / "again.run" / "run.json").read_bytes())
    assert manifest["spent"]["run"]["killed"], "some of its requests may not have been kept"
    assert summary.not_started == 0
    assert found["wall_seconds"] < summary.wall_seconds < found["wall_seconds"] + 5
    assert summary.rate * summary.wall_seconds > found["answered"]


async def test_the_time_in_which_nobody_is_there_is_a_cause_of_its_own(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file = write_lines([change(n) for n in range(9)])
    async with seeded() as url:
        port = int(url.rpartition(":")[2])
    emulator = seeded(9, port=port)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(AsyncExitStack())
        settings = settings_for(await first.enter_async_context(emulator), rate=30)
        run = await stack.enter_async_context(ready_to_start(file, settings))
        await first.aclose()
        executing = asyncio.create_task(run.execute())
        await until(lambda: run.lanes and _unreachable(run) > 0.5)
        await stack.enter_async_context(emulator)
        summary = await executing
    assert summary.succeeded == 9
    assert summary.seconds.unreachable >= 0.5
    assert summary.seconds.token < summary.wall_seconds - summary.seconds.unreachable + 0.1
    written = json.loads((file.with_suffix(".run") / "summary.json").read_bytes())
    assert written["seconds"]["unreachable"] == summary.seconds.unreachable
    assert any(
        "nothing could be sent" in line
        for line in summary_lines(run.order.directory, summary, RunEnding())
    )


def _unreachable(run: ApprovedRun) -> float:
    return run.lanes[0].pacer.time_breakdown.seconds().unreachable


async def test_what_runs_beside_ends_with_the_run_and_its_error_ends_the_run(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    ended: list[str] = []

    async def watch() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("watch")

    async def fail() -> None:
        raise ZeroDivisionError

    file = write_lines([change(0)])
    async with seeded() as url:
        async with ready_to_start(file, settings_for(url)) as run:
            assert (await run.execute(watch)).succeeded == 1
        assert ended == ["watch"]
        file.with_suffix(".run").rename(file.with_suffix(".old"))
        async with ready_to_start(file, settings_for(url)) as run:
            with pytest.raises(ZeroDivisionError):
                await run.execute(fail)
    assert "stopped by an error" in (file.with_suffix(".run") / "summary.json").read_text()


@pytest.mark.parametrize(
    ("denied", "failed", "passed"),
    [
        (0, 1, None),
        (0, 2, "2 of 2 did not succeed, more than --max-failures 1 (none turns that off)"),
        (30, 30, None),  # that nobody may call may pass
    ],
)
async def test_a_limit_of_failures_that_was_passed_is_said_unless_every_call_was_refused(
    settings_for: SettingsFor, write_lines: Write, denied: int, failed: int, passed: str | None
) -> None:
    file = write_lines([change(n) for n in range(30)])
    async with (
        seeded() as url,
        ready_to_start(file, settings_for(url, max_failures="1")) as run,
    ):
        tally = run.state.tallies["default"]
        for _ in range(denied):
            tally.count_attempt(Verdict.DENIED, Action("UpdateEventTrigger", "acme"))
        for line in range(1, failed + 1):
            invalid = Result.invalid(line, "default", "m", "2026-01-01T00:00:00.000Z")
            tally.add(msgspec.structs.replace(invalid, status="failed"))
        assert run.ended_by_its_updates() == passed


async def test_a_directory_that_was_replaced_meanwhile_is_not_written_to(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file = write_lines([change(0)])
    async with seeded() as url:
        async with ready_to_start(file, settings_for(url)) as run:
            out = file.with_suffix(".run")
            out.rename(file.with_suffix(".moved"))
            out.mkdir()
            with pytest.raises(RunDirectoryError, match="removed or replaced"):
                await run.execute()
        assert list(out.iterdir()) == []


async def test_two_hundred_accounts_share_sts_connections_and_the_descriptors_of_the_file(
    settings_for: SettingsFor, write_lines: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    arns = {f"t{n}": f"arn:aws:iam::{10**11 + n}:role/batcher" for n in range(200)}
    targets: dict[str, Any] = {name: {"role_arn": arn} for name, arn in arns.items()}
    targets["t7"] = {"account": "999999999999"}
    file = write_lines([change(1, target=name) for name in targets])
    emulator = seeded(2)
    async with emulator as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        with pytest.raises(WrongAccountError, match="t7"):
            async with ready_to_start(file, settings_for(url, targets=targets, target="t0")):
                pass
        assert not emulator.applied()
        assert "UpdateEventTrigger" not in emulator.counts()  # of nobody
        targets["t7"] = {"role_arn": arns["t7"]}
        before = len(os.listdir("/proc/self/fd"))
        async with ready_to_start(file, settings_for(url, targets=targets, target="t0")) as run:
            opened = len(os.listdir("/proc/self/fd")) - before
            summary = await run.execute()
        accounts = {call.account for call in emulator.calls() if call.operation == UPDATE_TRIGGER}
    assert (summary.total, summary.succeeded) == (200, 200)
    assert len(accounts) == 200
    assert opened < 100  # of which each connection takes two here
    assert emulator.counts()["AssumeRole"]["ok"] >= 200
