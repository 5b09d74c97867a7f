"""What hooks are told of a run, when, and what they can stop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.config.hook_settings import HOOK_EVENTS, HookSettings
from batcher.errors import HookError
from batcher.jobs.run import AlreadyFinished, CheckedRun, DryRunEnded, open_run
from batcher.jobs.run_events import RunEvents
from batcher.jobs.run_execution import ApprovedRun
from batcher.records import Summary
from tests.conftest import change
from tests.hooks.test_cloud_event import check_event
from tests.jobs.conftest import SettingsFor, seeded

Write = Callable[..., Path]
OPEN = ("checked", "planned", "started")


class Told:
    """A command that keeps what it is told, as a hook of every event."""

    def __init__(self, folder: Path, fails_at: str | None = None, **more: Any) -> None:
        self._kept = folder / "told"
        fail = f"case $line in *run.{fails_at}*) exit 9; esac"
        script = f'read -r line || exit 8; echo "$line" >> {self._kept}; {fail}'
        self.settings = HookSettings(on=list(HOOK_EVENTS), command=f"sh -c '{script}'", **more)
        self.before = HookSettings(on=list(OPEN), command=f"sh -c '{script}'", before=True)

    def take(self) -> list[dict[str, Any]]:
        """What it was told since this was asked last."""
        if not self._kept.exists():
            return []
        events = [check_event(line) for line in self._kept.read_bytes().splitlines()]
        self._kept.write_bytes(b"")
        return events


async def start(file: Path, settings: Settings, **more: Any) -> object:
    """Run a file as a command does; returns its summary, or why it was not started."""
    with open_run(str(file), file.with_suffix(".run"), settings, **more) as opened:
        checked = await opened.check()
        assert isinstance(checked, CheckedRun)
        async with checked.connect() as ready:
            approved = await ready.approve()
            if not isinstance(approved, ApprovedRun):
                return approved
            assert isinstance(approved.events, RunEvents)
            return await approved.execute()


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("batcher.run.") for event in events]


def with_hooks(settings: Settings, *hooks: HookSettings) -> Settings:
    return msgspec.structs.replace(settings, hooks=hooks)


async def test_a_run_tells_its_events_in_order_once_each_and_nothing_sensitive(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    told = Told(tmp_path)
    file, emulator = write_lines([change(n, Description="SECRET") for n in (0, 1, 8, 9)]), seeded()
    async with emulator as url:
        settings = settings_for(url, rate=1000, concurrency=1)
        summary = await start(file, with_hooks(settings, told.settings))
        assert isinstance(summary, Summary)
        events = told.take()
        assert isinstance(await start(file, with_hooks(settings, told.settings)), AlreadyFinished)
    assert told.take() == []
    assert names(events) == [*OPEN, "first_failure", "ended"]
    out = file.with_suffix(".run")
    for event in events:
        data = event["data"]
        assert data["run"]["directory"] == str(out)
        assert data["input"]["path"] == str(file)
        assert (data["run"]["kind"], data["run"]["resumed"]) == ("run", False)
        assert event["source"] == f"/batcher/runs/{data['run']['id']}"
        assert event["subject"] == "updates.run"
    assert events[0]["data"]["targets"] == []
    (target,) = events[-1]["data"]["targets"]
    assert (target["name"], target["region"], target["endpoint"]) == ("default", "eu-west-1", url)
    assert (len(target["account"]), target["who"][:4]) == (12, "arn:")
    failure = events[3]["data"]["failure"]
    assert (failure["trigger"], failure["code"]) == ("t8", "ResourceNotFoundException")
    assert [event["data"]["counts"]["failed"] for event in events] == [0, 0, 0, 1, 2]
    assert (events[-1]["data"]["stopped"], events[-1]["data"]["counts"]["total"]) == (None, 4)
    everything = str(events)
    assert not any(secret in everything for secret in ("SECRET", "before-", "AKID"))


@pytest.mark.parametrize("event", OPEN)
async def test_a_failing_before_hook_stops_the_run_before_anything_is_sent(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path, event: str
) -> None:
    (tmp_path / "others").mkdir()
    gate, others = Told(tmp_path, fails_at=event), Told(tmp_path / "others")
    file, emulator = write_lines([change(0)]), seeded()
    async with emulator as url:
        settings = with_hooks(settings_for(url, rate=1000), others.settings, gate.before)
        with pytest.raises(HookError, match=f"at {event}: exit code 9"):
            await start(file, settings)
        assert emulator.applied() == []
        assert names(gate.take()) == list(OPEN[: OPEN.index(event) + 1])
        assert names(others.take()) == list(OPEN[: OPEN.index(event)])  # it never came to that
        assert not file.with_suffix(".run").exists()
        assert isinstance(
            await start(file, with_hooks(settings_for(url, rate=1000), others.settings)), Summary
        )
    assert names(others.take()) == [*OPEN, "ended"]


async def test_a_dry_run_asks_before_hooks_and_tells_none(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    (tmp_path / "others").mkdir()
    gate, others = Told(tmp_path), Told(tmp_path / "others")
    file, emulator = write_lines([change(0)]), seeded()
    async with emulator as url:
        settings = with_hooks(settings_for(url, rate=1000), gate.before, others.settings)
        assert isinstance(await start(file, settings, dry_run=True), DryRunEnded)
    events = gate.take()
    assert names(events) == ["checked", "planned"]
    assert all(event["data"]["run"]["dry_run"] for event in events)
    assert others.take() == []


async def test_a_resumed_run_is_of_the_same_source_and_has_a_session_of_its_own(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    told = Told(tmp_path)
    file, emulator = write_lines([change(0), change(1)]), seeded()
    async with emulator as url:
        settings = with_hooks(settings_for(url, rate=1000, canary=1), told.settings)
        assert isinstance(await start(file, settings), Summary)
        first = told.take()
        await start(file, with_hooks(settings_for(url, rate=1000), told.settings))
        second = told.take()
    assert (names(first), names(second)) == ([*OPEN, "wave_ended", "ended"], [*OPEN, "ended"])
    assert first[-2]["data"]["wave"] == {"number": 1, "of": 2, "changed": 1}
    assert first[-1]["data"]["stopped"] == "after the first 1 (--canary)"
    assert {event["source"] for event in [*first, *second]} == {first[0]["source"]}
    assert len({event["id"] for event in [*first, *second]}) == 9
    assert [event["data"]["run"]["resumed"] for event in (first[0], second[0])] == [False, True]
    assert first[0]["data"]["run"]["session"] != second[0]["data"]["run"]["session"]
