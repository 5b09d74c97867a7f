"""The job ``plan`` without a terminal: each update told in order, their sum, the kept file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.accounting.limit import Limit
from batcher.emulator import Emulator
from batcher.errors import AwsError, InputError, OutputError
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.plan import Plan, plan_changes
from batcher.jobs.target_planner import EFFECTS, PlannedUpdate
from batcher.wiring.omissions import KnownOmissions
from tests.conftest import CONDITIONS, change, records, trigger
from tests.jobs.conftest import SettingsFor, seeded

Write = Callable[..., Path]
Check = Callable[..., CheckedFile]


@pytest.fixture
def checked(settings_for: SettingsFor, write_lines: Write, tmp_path: Path) -> Check:
    def check(lines: list[dict[str, Any]], url: str = "http://127.0.0.1:1", **more: Any) -> Any:
        return check_file(str(write_lines(lines)), settings_for(url, **more), tmp_path)

    return check


async def test_a_plan_tells_of_every_update_in_order_and_sums_them_up(checked: Check) -> None:
    told: list[PlannedUpdate] = []
    emulator = seeded()
    lines = [
        change(0),
        change(1, Description="before-1"),
        change(9),
        change(0, Description="else", SegmentFilter="vip"),
    ]
    async with emulator as url:
        found = await plan_changes(checked(lines, url), told.append)
        assert emulator.applied() == []
        assert sorted(call.operation for call in emulator.calls()) == ["GetEventTrigger"] * 3
    assert [(each.update.line, each.effect) for each in told] == [
        (1, "changed"),
        (2, "unchanged"),
        (3, "missing"),
        (4, "changed"),
    ]
    assert told[2].error is not None
    assert told[2].error.code == "ResourceNotFoundException"
    effects = {"changed": 2, "created": 0, "unchanged": 1, "missing": 1, "unreadable": 0}
    known = {"default": KnownOmissions(whole="auto", effects={})}
    (undo,) = found.undo
    assert (undo.work.updates, undo.reading.updates) == (2, 2)
    assert found == Plan(
        effects=effects,
        irreversible=1,
        conflicts=1,
        max_changes=None,
        omissions=known,
        staying={"default": {"SegmentFilter"}},
        undo=[undo],
    )
    assert (found.total, found.changing, found.complete) == (4, 2, False)


@pytest.mark.parametrize(
    ("max_changes", "too_many"), [("2", False), ("1", True), ("66%", True), ("67%", False)]
)
async def test_a_plan_is_kept_unless_more_would_change_than_allowed(
    checked: Check, tmp_path: Path, max_changes: str, too_many: bool
) -> None:
    lines = [change(0), change(1), change(2, Description="before-2")]  # 2 of 3 change
    out = tmp_path / "plan.jsonl"
    async with seeded() as url:
        found = await plan_changes(checked(lines, url, max_changes=max_changes), out=out)
    assert (found.too_many, found.complete) == (too_many, not too_many)
    assert out.exists() is not too_many
    if not too_many:
        assert [record["based_on"]["sha256"] for record in records(out)]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".plan")] == []


async def test_what_could_not_be_compared_is_no_part_of_the_kept_plan(
    checked: Check, tmp_path: Path
) -> None:
    emulator = seeded()
    emulator.script("GetEventTrigger", ["internal"])
    async with emulator as url:
        file = checked([change(0), change(1)], url, max_attempts=1, concurrency=1)
        found = await plan_changes(file, out=tmp_path / "plan.jsonl")
    assert (found.effects["unreadable"], found.effects["changed"]) == (1, 1)
    assert [record["EventTriggerName"] for record in records(tmp_path / "plan.jsonl")] == ["t1"]


async def test_updates_of_a_target_that_can_not_be_used_are_unreadable_and_the_others_planned(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    told: list[PlannedUpdate] = []
    write_lines([change(0), change(1, target="away"), change(2)])
    async with seeded() as url:
        targets = {"away": {"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-1"}}
        settings = settings_for(url, targets=targets)
        file = check_file(str(tmp_path / "updates.jsonl"), settings, tmp_path)
        found = await plan_changes(file, told.append)
    assert (found.effects["changed"], found.effects["unreadable"]) == (2, 1)
    (left_out,) = [each for each in told if each.effect == "unreadable"]
    assert left_out.error is not None
    assert (left_out.update.target, left_out.error.code) == ("away", "TargetUnusable")
    assert "no connection to http://127.0.0.1:1" in left_out.error.message


async def test_where_every_call_is_refused_the_error_says_what_has_to_be_allowed(
    checked: Check,
) -> None:
    async with seeded(30, faults={"access-denied": 1.0}) as url:
        file = checked([change(number) for number in range(30)], url)
        with pytest.raises(AwsError, match=r"every call was refused: .*profile:GetEventTrigger"):
            await plan_changes(file)


async def test_a_file_with_invalid_lines_is_planned_only_without_them(checked: Check) -> None:
    lines = [change(0), change(1, SegmentFilter="")]
    async with seeded() as url:
        refused = checked(lines, url)
        assert not refused.usable
        with pytest.raises(InputError, match="1 lines break a rule"):
            await plan_changes(refused)
        found = await plan_changes(checked(lines, url, skip_invalid=True))
    assert (found.total, found.complete) == (1, True)


async def test_where_the_plan_can_not_be_kept_nothing_is_read(
    checked: Check, tmp_path: Path
) -> None:
    emulator = seeded()
    async with emulator as url:
        with pytest.raises(OutputError, match=r"none/plan\.jsonl: can't be written"):
            await plan_changes(checked([change(0)], url), out=tmp_path / "none" / "plan.jsonl")
        assert emulator.calls() == []


def test_what_could_not_be_read_counts_as_changed() -> None:
    effects = dict.fromkeys(EFFECTS, 0) | {"changed": 1, "unreadable": 2, "unchanged": 7}
    for limit, too_many in [("3", False), ("2", True), ("30%", False), ("29%", True)]:
        plan = Plan(effects=effects, irreversible=0, conflicts=0, max_changes=Limit(limit))
        assert plan.too_many is too_many


async def test_a_plan_made_with_a_chained_map_of_domains_is_run_with_it_as_it_was_made(
    checked: Check, settings_for: SettingsFor, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(0) | {"DomainName": "b"}])
    out = tmp_path / "plan.jsonl"
    lines = [change(number, DomainName="a") for number in (0, 1)]
    lines[1] |= {"ObjectTypeName": "Orders", "EventTriggerConditions": CONDITIONS}
    async with emulator as url:
        chained = {"domain_map": "a=b,b=c", "create_missing": True}
        found = await plan_changes(checked(lines, url, **chained), out=out)
        assert (found.effects["changed"], found.effects["created"]) == (1, 1)
        settings = settings_for(url, **chained)
        again = check_file(str(out), settings, tmp_path)
        assert [update.domain async for update in again.source("default")] == ["b", "b"]
