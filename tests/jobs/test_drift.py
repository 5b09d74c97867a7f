"""The job ``drift`` without a terminal: what has moved is found, with as little reading as goes."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.emulator import Emulator, account_of
from batcher.errors import InputError, RunDirectoryError
from batcher.jobs.base_triggers import BaseTriggers
from batcher.jobs.drift import DriftOptions, find_drift
from batcher.jobs.drift_base import DriftBase, read_base
from batcher.jobs.drift_report import DriftReport
from batcher.jobs.export import export_triggers
from batcher.target_identity import TargetIdentity
from batcher.updates.selection import Selection, Selector
from tests.conftest import change, trigger
from tests.jobs.conftest import SettingsFor, seeded

Export = Callable[..., Any]
ACCOUNT = account_of("AKIDEXAMPLE")


@pytest.fixture
def export(settings_for: SettingsFor, tmp_path: Path) -> Export:
    async def write(url: str, **options: Any) -> DriftBase:
        lines: list[dict[str, Any]] = []
        settings = settings_for(url)
        await export_triggers(settings, None, lines.append, pytest.fail, **options)
        path = tmp_path / "base.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        return read_base(str(path), settings)

    return write


def outcomes(report: DriftReport) -> dict[str | None, str]:
    return {each.trigger: each.outcome for each in report.drifted}


def operations(emulator: Emulator, since: int) -> dict[str, int]:
    calls = [call.operation for call in emulator.calls()][since:]
    return dict(Counter(name for name in calls if name != "GetCallerIdentity"))


async def test_what_the_list_shows_to_be_unmoved_is_not_read_and_all_kinds_of_drift_are_found(
    settings_for: SettingsFor, export: Export, connect: Any
) -> None:
    emulator = seeded(120)
    async with emulator as url:
        base = await export(url, with_base=True)
        client = await connect(url, key="AKIDEXAMPLE")
        await client.update_event_trigger(**change(3))
        await client.update_event_trigger(**change(4, Description="back"))
        await client.update_event_trigger(**change(4, Description="before-4"))
        await client.delete_event_trigger(DomainName="acme", EventTriggerName="t5")
        await client.create_event_trigger(**trigger(777))
        since = len(emulator.calls())
        report = await find_drift(base, settings_for(url))
        asked = operations(emulator, since)
        silent = await find_drift(base, settings_for(url), DriftOptions(new=False))
    assert asked == {"ListEventTriggers": 2, "GetEventTrigger": 3}
    assert outcomes(report) == {"t3": "changed", "t5": "gone", "t777": "new"}
    assert (report.base, report.held, report.same, report.read) == (120, 120, 118, 3)
    [[only]] = [each.changes for each in report.drifted if each.changes]
    assert (only.path, only.before, only.after) == ("Description", "before-3", "after-3")
    assert (report.has_drift, report.complete) == (True, True)
    assert outcomes(silent) == {"t3": "changed", "t5": "gone"}


async def test_without_times_each_is_read_and_the_order_of_lists_is_no_drift(
    settings_for: SettingsFor, export: Export
) -> None:
    ends = {"ComparisonOperator": "INCLUSIVE", "FieldName": "Kind", "Values": ["a", "b"]}
    other = {"ComparisonOperator": "CONTAINS", "FieldName": "Name", "Values": ["c"]}
    between = {"ComparisonOperator": "BETWEEN", "FieldName": "Total", "Values": ["1", "2"]}

    def live(number: int, *attributes: dict[str, Any]) -> dict[str, Any]:
        dimensions = [{"ObjectAttributes": list(attributes)}]
        conditions = [{"EventTriggerDimensions": dimensions, "LogicalOperator": "ALL"}]
        return {**trigger(number), "EventTriggerConditions": conditions}

    emulator = seeded(0)
    emulator.seed([live(0, ends, other), live(1, between)])
    async with emulator as url:
        base = await export(url)
        turned = {**ends, "Values": ["b", "a"]}
        emulator.seed([live(0, other, turned), live(1, {**between, "Values": ["2", "1"]})])
        since = len(emulator.calls())
        report = await find_drift(base, settings_for(url))
        asked = operations(emulator, since)
    assert asked == {"ListEventTriggers": 1, "GetEventTrigger": 2}
    assert outcomes(report) == {"t1": "changed"}, "the ends of a range are in order"


async def test_ignored_members_and_triggers_that_are_not_selected_do_not_count(
    settings_for: SettingsFor, export: Export
) -> None:
    emulator = seeded(2)
    async with emulator as url:
        base = await export(url)
        emulator.seed([{**trigger(0), "Description": "x"}, trigger(5)])
        emulator.seed([{**trigger(1), "Description": "x", "SegmentFilter": "vip"}])
        settings = settings_for(url)
        ignored = DriftOptions(ignored=frozenset({"Description"}))
        report = await find_drift(base, settings, ignored)
        selector = Selector(Selection.of(exclude=["t5"]))
        part = await find_drift(base, settings, DriftOptions(selector=selector))
    assert outcomes(report) == {"t1": "changed", "t5": "new"}
    assert [each.path for each in report.drifted[0].changes] == ["SegmentFilter"]
    assert outcomes(part) == {"t0": "changed", "t1": "changed"}


async def test_what_could_not_be_read_is_neither_drift_nor_the_absence_of_it(
    settings_for: SettingsFor, export: Export
) -> None:
    emulator = seeded(2)
    async with emulator as url:
        base = await export(url)
        emulator.script("ListEventTriggers", ["access-denied"])
        emulator.script("GetEventTrigger", ["access-denied"])
        settings = settings_for(url, concurrency=1)
        report = await find_drift(base, settings)
        emulator.script("ListEventTriggers", ["access-denied"])
        known = await find_drift(base, settings, DriftOptions(new=False))
    assert outcomes(report) == {None: "unreadable", "t0": "unreadable"}
    assert (report.same, report.complete, report.has_drift) == (1, False, False)
    assert (known.same, known.drifted) == (2, []), "without new ones no list is needed"


async def test_a_domain_that_is_gone_is_drift_of_each_of_its_triggers(
    settings_for: SettingsFor, export: Export
) -> None:
    async with seeded(2) as url:
        base = await export(url)
    async with seeded(0) as url:
        report = await find_drift(base, settings_for(url))
    assert (outcomes(report), report.complete) == ({"t0": "gone", "t1": "gone"}, True)


async def test_a_run_is_not_held_against_another_region_or_account(
    settings_for: SettingsFor,
) -> None:
    async with seeded(1) as url:
        for now in ({"region": "us-east-1"}, {"account": "999999999999", "region": "eu-west-1"}):
            place = TargetIdentity(endpoint=url, **now)
            base = DriftBase(triggers=BaseTriggers(), run="/x.run", places={"default": place})
            with pytest.raises(RunDirectoryError, match="belongs to another place"):
                await find_drift(base, settings_for(url))


async def test_new_ones_are_found_where_the_selection_leaves_none_of_the_base(
    settings_for: SettingsFor, write_lines: Callable[..., Path]
) -> None:
    emulator = seeded(3)
    emulator.seed([trigger(8, "beta"), trigger(9, "beta"), trigger(9, "gamma")])
    known = [trigger(0), trigger(1), trigger(8, "beta"), trigger(8, "gamma")]
    path = write_lines(known, "base.jsonl")
    async with emulator as url:
        settings = settings_for(url)
        found = []
        for narrowed in (
            {"exclude": ("t8", "gamma/*")},
            {"only": ("t0", "beta/t9"), "exclude": ("t2",)},
        ):
            selector = Selector(Selection.of(**narrowed) or pytest.fail("it narrows"))
            base = read_base(str(path), settings, selector)
            for new in (True, False):
                options = DriftOptions(selector=selector, new=new)
                found.append((await find_drift(base, settings, options)).drifted)
    names = [[f"{each.domain}/{each.trigger}" for each in drifted] for drifted in found]
    assert names == [["acme/t2", "beta/t9"], [], ["beta/t9"], []]


async def test_what_a_base_has_under_another_name_of_its_place_is_not_new_and_what_is_new_told_once(
    settings_for: SettingsFor, write_lines: Callable[..., Path]
) -> None:
    emulator = seeded(3)
    path = write_lines([{**trigger(0), "target": "a"}, {**trigger(1), "target": "b"}])
    async with emulator as url:
        place = {"endpoint_url": url, "region": "eu-west-1"}
        settings = settings_for(url, targets={"a": place, "b": place}, target="a")
        report = await find_drift(read_base(str(path), settings), settings)
    found = [(each.target, each.trigger, each.outcome) for each in report.drifted]
    assert found == [("a", "t2", "new")]


async def test_what_an_export_has_under_two_names_of_one_place_is_held_once_or_refused(
    settings_for: SettingsFor, write_lines: Callable[..., Path]
) -> None:
    emulator = seeded(3)
    lines = [{**trigger(n), "target": name} for n in range(3) for name in ("a", "b", "c")]
    path, now = write_lines(lines), {**trigger(1), "Description": "now"}
    async with emulator as url, seeded(3) as elsewhere:
        emulator.seed([now])
        place = {"endpoint_url": url, "region": "eu-west-1"}
        targets = {"a": place, "b": {**place, "endpoint_url": f"{url}/"}}
        targets["c"] = {**place, "endpoint_url": elsewhere}
        settings = settings_for(url, targets=targets, target="a")
        report = await find_drift(read_base(str(path), settings), settings)
        assert (report.base, report.held, report.same) == (6, 6, 5)
        found = [(each.target, each.trigger, each.outcome) for each in report.drifted]
        assert found == [("a", "t1", "changed")]
        write_lines([*lines[:1], {**now, "target": "a"}, {**trigger(1), "target": "b"}])
        with pytest.raises(InputError, match=r"acme/t1: the base has it for target a and for .* b"):
            await find_drift(read_base(str(path), settings), settings)


@pytest.mark.parametrize(
    "more",
    [{"without_target": "gone"}, {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}],
    ids=["left for later", "its role lets nobody in"],
)
async def test_what_a_base_has_under_a_name_that_can_not_be_used_is_not_new_under_another(
    settings_for: SettingsFor,
    write_lines: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    more: dict[str, str],
) -> None:
    path = write_lines([{**trigger(n), "target": "gone" if n else "here"} for n in range(3)])
    emulator = Emulator(external_ids={more.get("role_arn", "none"): "secret"})
    emulator.seed([trigger(n) for n in range(4)])
    async with emulator as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        here = {"endpoint_url": url, "region": "eu-west-1"}
        role = {name: each for name, each in more.items() if name == "role_arn"}
        left = {name: each for name, each in more.items() if name not in role}
        targets = {"here": here, "gone": {**here, **role}}
        settings = settings_for(url, targets=targets, target="here", **left)
        report = await find_drift(read_base(str(path), settings), settings)
    found = [(each.target, each.trigger, each.outcome) for each in report.drifted]
    assert found == [
        ("gone", "t1", "unreadable"),
        ("gone", "t2", "unreadable"),
        ("here", "t3", "new"),
    ]
