"""The job ``simulate``: events put to old and new definitions, from files and from live ones."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from batcher.config import Settings
from batcher.errors import InputError
from batcher.jobs.simulate import SimulationOrder, simulate_changes
from batcher.triggers.semantics.firing_options import FiringOptions
from tests.conftest import CONDITIONS
from tests.jobs.conftest import SettingsFor, seeded
from tests.jobs.simulated import checked, conditions, definition, order, update, written


async def test_each_trigger_is_held_before_and_after_all_of_its_updates(tmp_path: Path) -> None:
    file = checked(
        tmp_path,
        [
            update("t", EventTriggerConditions=conditions(9)),
            update("t", SegmentFilter="vip"),
            update("t", EventTriggerConditions=conditions(3)),
            update("same", SegmentFilter="vip"),
        ],
    )
    current = [definition("t", 5), definition("same", 5, SegmentFilter="vip"), definition("x", 1)]
    events = [order(total, second=total) for total in (2, 4, 6)] + [order(7, profile="p-2")]
    report = await simulate_changes(
        file,
        SimulationOrder(
            events=written(tmp_path / "events.jsonl", events),
            current=written(tmp_path / "current.jsonl", current),
            segments=written(tmp_path / "m.jsonl", [{"segment": "vip", "profile": "p-1"}]),
        ),
    )
    t, same = report.triggers
    assert (t.lines, t.basis, t.changed, t.events) == ((1, 2, 3), "current", True, 4)
    assert t.before is not None
    assert t.after is not None
    # before: 6 of p-1, 7 of p-2; after: 4 and 6 of p-1, who is a member
    assert (t.before.fired, t.after.fired, t.started, t.stopped, t.suppressed) == (2, 2, 1, 1, 1)
    assert t.after.outside_segment == 1
    assert (same.changed, same.started, same.stopped) == (False, 0, 0)
    assert (report.started, report.stopped, report.fired_before) == (1, 1, 3)
    assert report.is_complete
    assert [each.profile for each in report.most_affected] == ["p-1", "p-2"]
    assert t.segment is not None
    assert (t.segment.before, t.segment.after, t.segment.members_after) == (None, "vip", 1)


async def test_live_triggers_are_compared_too_and_one_that_is_not_there_has_no_before(
    tmp_path: Path, settings_for: SettingsFor
) -> None:
    event = order(1) | {"object": {"Total": CONDITIONS_VALUE}}
    emulator = seeded(1)
    async with emulator as url:
        lines = [
            update("t0", EventTriggerConditions=conditions(9)),
            definition("new", 0),
            update("gone", SegmentFilter="vip"),
        ]
        file = checked(tmp_path, lines, settings_for(url))
        events = written(tmp_path / "events.jsonl", [event, order(1)])
        report = await simulate_changes(file, SimulationOrder(events=events, current="live"))
    assert {call.operation for call in emulator.calls()} == {"GetEventTrigger"}
    t0, new, gone = report.triggers
    assert (t0.basis, t0.stopped, t0.started) == ("current", 1, 0)
    assert (new.basis, new.before, new.started) == ("missing", None, 1)
    assert (gone.simulated, gone.lacking) == (
        False,
        ["ObjectTypeName", "EventTriggerConditions"],
    )
    assert not report.is_complete


async def test_without_current_only_what_fires_after_is_known(tmp_path: Path) -> None:
    file = checked(tmp_path, [definition("t", 5)])
    events = written(tmp_path / "events.jsonl", [order(6)])
    report = await simulate_changes(file, SimulationOrder(events=events))
    (t,) = report.triggers
    assert (report.compares, t.basis, t.before) == (False, "not_given", None)
    assert report.fired_after == 1


async def test_what_an_update_omits_is_kept_or_cleared_as_chosen(tmp_path: Path) -> None:
    file = checked(tmp_path, [update("t", Description="x")])
    once = {"Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 1}]}
    current = written(tmp_path / "c.jsonl", [definition("t", 5, EventTriggerLimits=once)])
    events = written(tmp_path / "e.jsonl", [order(6, second=number) for number in range(3)])
    started = []
    for omitted in ("kept", "cleared"):
        options = FiringOptions(omitted=omitted)
        asked = SimulationOrder(events=events, current=current, options=options)
        started.append((await simulate_changes(file, asked)).started)
    assert started == [0, 2]


@pytest.mark.parametrize("content", [b"", b"\n \n"])
async def test_a_file_without_events_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)
    file = checked(tmp_path, [definition("t", 5)])
    with pytest.raises(InputError, match="no events in it; nothing was simulated"):
        await simulate_changes(file, SimulationOrder(events=str(path)))


async def test_events_that_no_trigger_looks_at_leave_a_report_that_saw_nothing(
    tmp_path: Path,
) -> None:
    file = checked(tmp_path, [definition("t", 5)])
    events = written(tmp_path / "events.jsonl", [order(6, object_type="Carts")])
    report = await simulate_changes(file, SimulationOrder(events=events))
    assert (report.saw_nothing, report.is_complete) == (True, False)
    assert report.events.other_types == ["Carts"]


async def test_a_line_that_is_no_event_ends_it_with_its_number_or_is_left_out(
    tmp_path: Path,
) -> None:
    file = checked(tmp_path, [definition("t", 5)])
    events = written(tmp_path / "events.jsonl", [order(6), {"profile": "p"}, order(7, second=1)])
    with pytest.raises(InputError, match=r"line 2: object_type: missing\. Correct it, or leave"):
        await simulate_changes(file, SimulationOrder(events=events))
    told: list[Any] = []
    report = await simulate_changes(
        file,
        SimulationOrder(events=events, skip_invalid=True),
        on_invalid=lambda line, violation: told.append((line, violation.path)),
    )
    assert (told, report.events.invalid, report.fired_after) == ([(2, "object_type")], 1, 2)


async def test_packed_events_are_read_and_their_count_is_told_on_the_way(tmp_path: Path) -> None:
    file = checked(tmp_path, [definition("t", 5)])
    plain = Path(written(tmp_path / "e.jsonl", [order(6, second=n % 60) for n in range(600)]))
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    told: list[int] = []
    report = await simulate_changes(
        file, SimulationOrder(events=str(packed)), on_events=told.append
    )
    assert (report.events.seen, told) == (600, [256, 512])


async def test_one_event_is_explained_before_and_after(tmp_path: Path) -> None:
    file = checked(tmp_path, [update("t", EventTriggerConditions=conditions(9))])
    current = written(tmp_path / "c.jsonl", [definition("t", 5)])
    events = written(tmp_path / "e.jsonl", [order(6), order(7, second=1)])
    asked = SimulationOrder(events=events, current=current, explain="e-7-1")
    (explained,) = (await simulate_changes(file, asked)).explained
    assert explained.before is not None
    assert explained.after is not None
    assert (explained.before.fires, explained.after.fires) == (True, False)
    assert (explained.firing_before, explained.firing_after) == ("fired", None)


async def test_a_file_that_breaks_a_rule_is_refused(tmp_path: Path) -> None:
    file = checked(tmp_path, [definition("t", 5), {"DomainName": "acme"}], Settings())
    with pytest.raises(InputError, match="break a rule"):
        await simulate_changes(file, SimulationOrder(events="e.jsonl"))


CONDITIONS_VALUE = CONDITIONS[0]["EventTriggerDimensions"][0]["ObjectAttributes"][0]["Values"][0]
