"""The books of a run: facts without secrets, failed lines to run again, always a summary."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import OtherRunError
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_books import RunBooks
from batcher.jobs.run_state import RunState
from batcher.records import Error, Result
from batcher.target_identity import TargetIdentity
from tests.conftest import change, records
from tests.jobs.conftest import SettingsFor

Write = Callable[..., Path]
NOWHERE = "http://127.0.0.1:1"


@asynccontextmanager
async def books(file: Path, settings: Settings) -> AsyncIterator[tuple[RunBooks, RunState]]:
    with open_run(str(file), file.with_suffix(".run"), settings) as opened:
        checked = await opened.check()
        assert isinstance(checked, CheckedRun)
        yield RunBooks(checked.order, checked.state), checked.state


def result(line: int, code: str | None = None) -> Result:
    now = "2026-01-01T00:00:00.000Z"
    found = Result.invalid(line, "default", "m", now)
    error = None if code is None else Error(code=code, message="m")
    status = "succeeded" if code is None else "failed"
    return msgspec.structs.replace(found, status=status, error=error)


async def test_facts_pin_the_input_and_hold_no_secret(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    settings = settings_for(NOWHERE, limiter="redis://user:password@h/0")
    file = write_lines([change(0)])
    async with books(file, settings) as (kept, _):
        kept.claim([])
        facts = (file.with_suffix(".run") / "run.json").read_bytes()
    assert b"password" not in facts
    given = msgspec.json.decode(facts)["input"]
    assert (given["path"], given["updates"]) == (str(file.resolve()), 1)


async def test_the_books_of_a_session_are_closed_with_failed_lines_and_a_summary(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file = write_lines([change(0), change(1), change(2)])
    async with books(file, settings_for(NOWHERE)) as (kept, state):
        kept.claim([])
        async with kept.open_journals(looks=False) as (journal, images):
            assert images is None
            for each in (result(1), result(3, "Boom")):
                await journal.append(each)
                state.tallies["default"].add(each)
        summary = kept.close({}, wall_seconds=2.0, stopped=None)
        assert (summary.succeeded, summary.failed, summary.not_started) == (1, 1, 1)
        assert [each["id"] for each in records(file.with_suffix(".run") / "failed.jsonl")] == ["3"]
        assert kept.stop("why").stopped == "why"
    written = msgspec.json.decode((file.with_suffix(".run") / "summary.json").read_bytes())
    assert (written["stopped"], written["errors"]) == ("why", {"Boom": 1})


async def test_after_a_stop_results_are_counted_again_from_the_journal(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file = write_lines([change(0)])
    async with books(file, settings_for(NOWHERE)) as (kept, _):
        kept.claim([])
        async with kept.open_journals(looks=True) as (journal, _images):
            await journal.append(result(1))  # on disk, and never counted
        assert kept.close({}, wall_seconds=1.0, stopped="cut off").succeeded == 1


async def test_what_can_not_be_written_is_said_in_the_summary(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    file = write_lines([change(0)])
    async with books(file, settings_for(NOWHERE)) as (kept, _):
        kept.claim([])
        out = file.with_suffix(".run")
        out.rename(file.with_suffix(".moved"))
        summary = kept.close({}, wall_seconds=1.0, stopped=None)
        assert summary.stopped == f"{out}: removed or replaced. Put it back as it was"
        assert not out.exists()


HERE = {"region": "eu-west-1", "account": "1" * 12, "endpoint": NOWHERE}


def connected(**place: Any) -> list[Any]:
    """What the books ask of a connected target."""
    identity = TargetIdentity(**HERE | place)
    return [SimpleNamespace(name="default", identity=identity, caller_arn=None)]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"region": "us-east-1"}, "region of target default was"),
        ({"account": "2" * 12}, "account of target default was"),
        ({"account": None}, "account of target default was 1{12}, now STS does not tell it"),
        ({"endpoint": "http://h"}, "endpoint of target default was http://127.0.0.1:1, now http"),
    ],
)
async def test_a_run_is_claimed_by_nobody_at_another_place(
    settings_for: SettingsFor, write_lines: Write, place: dict[str, Any], said: str
) -> None:
    async with books(write_lines([change(0)]), settings_for(NOWHERE)) as (kept, _):
        kept.claim(connected())
        kept.check(connected(endpoint=f"{NOWHERE}/"))
        for attempt in (kept.check, kept.claim):
            with pytest.raises(OtherRunError, match=said):
                attempt(connected(**place))
