"""The job ``run`` without a terminal: its steps in order, its limits, what it takes over."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.emulator import account_of
from batcher.errors import InputError, RunDirectoryError
from batcher.jobs.report import RunReporter
from batcher.jobs.run import (
    AlreadyFinished,
    CheckedRun,
    DeadlineMissed,
    DryRunEnded,
    InvalidInput,
    NotStarted,
    OpenRun,
    ReadyRun,
    TooManyChanges,
    open_run,
)
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_reader import RunReader
from batcher.jobs.verify import verify_run
from batcher.operations import UPDATE_TRIGGER
from batcher.records import Summary
from batcher.updates.violations import Violation
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, records, remember_quota
from tests.jobs.conftest import RecordedRun, SettingsFor, seeded

Write = Callable[..., Path]


@asynccontextmanager
async def approved(
    file: Path | list[bytes], out: Path, settings: Settings, **more: Any
) -> AsyncIterator[ApprovedRun | NotStarted]:
    """The run of a file, as far as it gets before it starts."""
    origin = str(file) if isinstance(file, Path) else file
    with open_run(origin, out, settings, **more) as opened:
        checked = await opened.check()
        assert isinstance(checked, CheckedRun)
        async with checked.connect() as ready:
            yield await ready.approve()


async def run(file: Path | list[bytes], out: Path, settings: Settings, **more: Any) -> Summary:
    async with approved(file, out, settings, **more) as ready:
        if isinstance(ready, AlreadyFinished):
            return ready.summary
        assert isinstance(ready, ApprovedRun)
        return await ready.execute()


@pytest.mark.parametrize(
    ("step", "leads_on"),
    [(OpenRun, "check"), (CheckedRun, "connect"), (ReadyRun, "approve"), (ApprovedRun, "execute")],
)
def test_each_step_leads_to_the_next_one_only(step: type, leads_on: str) -> None:
    steps = {"check", "connect", "approve", "execute"}
    assert steps & set(dir(step)) == {leads_on}


async def test_results_of_an_earlier_session_are_taken_over_and_never_sent_again(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    out, file = tmp_path / "u.run", write_lines([change(0), change(9), change(2)])
    async with seeded() as url:
        first = await run(file, out, settings_for(url))
        emulator_saw = records(out / "results.jsonl")
        second = await run(file, out, settings_for(url))
    assert (first.succeeded, first.failed, first.stopped) == (2, 1, None)
    assert (second.succeeded, second.failed, second.attempts) == (2, 1, first.attempts)
    assert records(out / "results.jsonl") == emulator_saw


async def test_a_file_that_breaks_rules_goes_no_further_and_each_violation_is_told(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    told: list[tuple[int, Violation]] = []
    file = write_lines([change(0), {"DomainName": "acme"}])
    with open_run(str(file), tmp_path / "u.run", settings_for("http://127.0.0.1:1")) as opened:
        checked = await opened.check(lambda line, violation: told.append((line, violation)))
    assert isinstance(checked, InvalidInput)
    assert (checked.inspection.total, checked.inspection.invalid) == (2, 1)
    assert [(line, violation.path) for line, violation in told] == [(2, "EventTriggerName")]
    assert not (tmp_path / "u.run").exists()


async def test_invalid_lines_that_are_skipped_get_a_result_and_count_for_the_target_they_name(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    lines = [change(0), {"DomainName": "acme"}, {"target": "none", **change(1)}, {"target": 7}]
    file, out = write_lines([*lines, change(2, id="x"), change(3, id="x")]), tmp_path / "u.run"
    async with seeded() as url:
        settings = settings_for(url, skip_invalid=True)
        summary = await run(file, out, settings)
        assert (summary.total, summary.succeeded, summary.invalid) == (6, 2, 4)
        booked = [(each["line"], each["target"]) for each in records(out / "results.jsonl")]
        assert booked[:4] == [(2, "default"), (3, "none"), (4, "default"), (6, "default")]
        assert isinstance(summary.targets, dict)
        targets = {name: part.invalid for name, part in summary.targets.items()}
        assert targets == {"default": 3, "none": 1}
        assert (await run(file, out, settings)).invalid == 4  # and that is all
        proof = await verify_run(out, settings)
    assert (proof.holds, proof.updates, proof.not_started) == (True, 6, 0)
    accounts = RunReporter(out).report().accounts
    assert (accounts.total, accounts.outcomes["invalid"], accounts.balanced) == (6, 4, True)


async def test_lines_are_run_as_a_file_is_and_recognised_when_they_come_again(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    lines = [msgspec.json.encode(change(n)) + b"\n" for n in range(3)]
    out = tmp_path / "u.run"
    async with seeded() as url:
        assert (await run(lines, out, settings_for(url))).succeeded == 3
        assert (await run(lines, out, settings_for(url))).succeeded == 3
        with pytest.raises(RunDirectoryError, match="belongs to another run"):
            await run(lines[:2], out, settings_for(url))
    assert not (out / "input-again.jsonl").exists()


@pytest.mark.parametrize(("limit", "refused"), [("2", False), ("1", True), ("66%", True)])
async def test_a_run_that_would_change_too_much_is_not_started(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path, limit: str, refused: bool
) -> None:
    file = write_lines([change(0), change(1), change(2, Description="before-2")])  # 2 of 3 change
    emulator, out = seeded(), tmp_path / "u.run"
    async with emulator as url, approved(file, out, settings_for(url, max_changes=limit)) as found:
        assert emulator.applied() == []
    if refused:
        assert isinstance(found, TooManyChanges)
        assert (found.plan.changing, found.plan.total, str(found.limit)) == (2, 3, limit)
        assert found.summary.not_started == 3
        assert not out.exists()
    else:
        assert isinstance(found, ApprovedRun)


async def test_what_a_run_may_change_is_looked_at_before_its_first_session_only(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    file, out = write_lines([change(0), change(1)]), tmp_path / "u.run"
    async with seeded() as url:
        first = await run(file, out, settings_for(url, canary=1))
        assert (first.succeeded, first.not_started) == (1, 1)
        async with approved(file, out, settings_for(url, max_changes="0")) as found:
            assert isinstance(found, ApprovedRun)
        async with approved(file, tmp_path / "new.run", settings_for(url, max_changes="0")) as new:
            assert isinstance(new, TooManyChanges)


async def test_a_deadline_that_is_known_to_be_missed_names_the_targets_that_miss_it(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    file = write_lines([change(n) for n in range(5)])
    async with seeded() as url:
        settings = settings_for(url, rate=1, deadline="3s")
        async with approved(file, tmp_path / "u.run", settings) as found:
            assert isinstance(found, DeadlineMissed)
            # 5 updates, one of which is in the bucket: 4 s at 1/s
            assert [(each.target, each.least.seconds) for each in found.forecast.late] == [
                ("default", 4.0)
            ]
        settings = settings_for(url, rate=1, deadline="4s")
        async with approved(file, tmp_path / "u.run", settings) as found:
            assert isinstance(found, ApprovedRun)


async def test_a_dry_run_sees_all_and_leaves_no_trace(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    lines, out, emulator = [msgspec.json.encode(change(0)) + b"\n"], tmp_path / "u.run", seeded()
    async with emulator as url, approved(lines, out, settings_for(url), dry_run=True) as found:
        assert isinstance(found, DryRunEnded)
        assert emulator.calls() == []
    assert (found.summary.not_started, found.summary.stopped) == (1, "--dry-run")
    assert not out.exists()


@pytest.mark.parametrize(
    ("before", "read_rate", "quota", "looks", "more"),
    [
        (None, 1000, 100, True, {}),
        (None, 0.5, 100, False, {}),  # reading takes 200 times as long as writing
        (None, 0.5, None, True, {}),  # nobody knows how fast writing may be: --rate is a ceiling
        (True, 0.5, 100, True, {}),
        (False, 1000, 100, False, {}),
        (None, 0.5, 100, True, {"rollback_on_failure": True}),  # else nothing could be put back
    ],
)
async def test_whether_each_trigger_is_looked_at_first_is_decided_once_before_the_start(
    settings_for: SettingsFor,
    write_lines: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: bool | None,
    read_rate: float,
    quota: float | None,
    looks: bool,
    more: dict[str, Any],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    if quota is not None:
        remember_quota(tmp_path, UPDATE_TRIGGER, quota, account=account_of("AKIDEXAMPLE"))
    file = write_lines([change(0)])
    async with seeded() as url:
        given = more | {"rate": 100, "read_rate": read_rate, "before": before, "remember": True}
        settings = settings_for(url, **given)
        with open_run(str(file), tmp_path / "u.run", settings) as opened:
            checked = await opened.check()
            assert isinstance(checked, CheckedRun)
            async with checked.connect() as ready:
                assert ready.looks is looks
                assert (ready.slow_reading is not None) is (before is None and not looks)
                found = await ready.approve()
                assert isinstance(found, ApprovedRun)
                assert (await found.execute()).succeeded == 1
    assert (tmp_path / "u.run" / "before.jsonl").exists() is looks


async def test_an_input_that_is_not_there_is_an_error_and_leaves_no_directory(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    with (
        pytest.raises(InputError, match="there is no such file"),
        open_run(str(tmp_path / "no"), tmp_path / "u.run", settings_for("http://h")) as opened,
    ):
        await opened.check()
    assert not (tmp_path / "u.run").exists()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"target": "production"}, "target was 'prod', now 'production'"),
        ({"target": "production", "create_missing": True}, "create_missing was False, now True"),
        ({}, "target was 'prod', now 'default'; it had [targets.prod], and it is missing now"),
        ({"target": "prod"}, "it had [targets.prod], and it is missing now (give its --config)"),
    ],
)
async def test_a_target_that_was_renamed_or_lost_its_table_is_told_in_words(
    settings_for: SettingsFor, tmp_path: Path, now: dict[str, Any], said: str
) -> None:
    tables: dict[str, Any] = {"targets": {"prod": {}}}
    was = settings_for("http://127.0.0.1:1", target="prod", **tables)
    recorded = RecordedRun(tmp_path, [change(0)], settings=was.as_json())
    recorded.results.append(msgspec.structs.replace(recorded.add(1, "succeeded"), target="prod"))
    del recorded.results[0]
    out = recorded.write()
    both = {"targets": {"prod": {}, "production": {}}} if "production" in now.values() else {}
    settings = settings_for("http://127.0.0.1:1", **{"target": "default", **now, **both})
    with (
        open_run(str(tmp_path / "updates.jsonl"), out, settings) as opened,
        pytest.raises(RunDirectoryError, match=re.escape(said)),
    ):
        await opened.check()
    if settings.target != "prod":
        with pytest.raises(RunDirectoryError, match="are of target prod, and that is"):
            RunReader(out, line_reader(settings))
