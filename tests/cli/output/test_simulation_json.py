"""The report as JSON: what conditions and events hold is in it only where that is asked for."""

import json
from pathlib import Path

import pytest

from batcher.cli.output.simulation import simulation_lines
from batcher.cli.output.simulation_json import moment_text, simulation_json
from batcher.jobs.simulate import SimulationOrder, simulate_changes
from tests.jobs.simulated import SECRET, checked, conditions, definition, order, update, written


@pytest.mark.parametrize("shown", [False, True])
async def test_the_trees_of_an_event_are_there_by_either_definition_with_values_on_demand(
    tmp_path: Path, shown: bool
) -> None:
    wanted = SimulationOrder(
        events=written(tmp_path / "events.jsonl", [order(40_000)]),
        current=written(tmp_path / "current.jsonl", [definition("t", 50_000)]),
        explain="e-40000-0",
    )
    file = checked(tmp_path, [update("t", EventTriggerConditions=conditions(SECRET))])
    report = await simulate_changes(file, wanted)
    found = json.loads(simulation_json(report, None, show_sensitive=shown))
    (explained,) = found["explained"]
    assert (explained["before"]["firing"], explained["after"]["firing"]) == (None, "fired")
    assert [each["met"] for each in explained["after"]["conditions"]] == [True]
    assert (found["started"], found["exceeded"]) == (1, False)
    lines = "\n".join(simulation_lines(report, wanted, None, show_sensitive=shown))
    assert "before: it does not match" in lines
    assert "after: it fires" in lines
    assert (SECRET in lines, SECRET in json.dumps(found)) == (shown, shown)


async def test_without_a_before_nothing_is_said_to_start_or_stop(tmp_path: Path) -> None:
    events = written(tmp_path / "events.jsonl", [order(40_000), order(50_000, "p-2")])
    file = checked(tmp_path, [definition("t", 30_000)])
    report = await simulate_changes(file, SimulationOrder(events=events))
    found = json.loads(simulation_json(report, None))
    (trigger,), profiles = found["triggers"], found["profiles"]
    assert (found["fired_after"], trigger["after"]["fired"], profiles["after"]) == (2, 2, 2)
    of_before = ("started", "stopped", "before", "gained", "lost", "fired_before", "affected")
    for record in (found, trigger, profiles):
        assert {record.get(name) for name in of_before} == {None}
    assert found["most_affected"] == []


def test_a_time_is_told_to_the_second_and_none_stays_none() -> None:
    assert moment_text(1793527200_999_999) == "2026-11-01T10:00:00Z"
    assert moment_text(None) is None
