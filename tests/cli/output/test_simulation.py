"""What a simulation came to, as it is told: every case that must not be overlooked has words."""

import json
from pathlib import Path
from typing import Any

import pytest

from batcher.accounting.limit import Limit
from batcher.cli.output.simulation import simulation_lines
from batcher.cli.output.simulation_json import simulation_json
from batcher.config import Settings
from batcher.config.target_settings import TargetSettings
from batcher.jobs.simulate import SimulationOrder, simulate_changes
from tests.jobs.simulated import SECRET, checked, conditions, definition, order, update, written


async def told(
    folder: Path, updates: list[Any], current: list[Any] | None, events: list[Any], **asked: Any
) -> tuple[str, dict[str, Any]]:
    wanted = SimulationOrder(
        events=written(folder / "events.jsonl", events),
        current=None if current is None else written(folder / "current.jsonl", current),
        **asked,
    )
    settings = Settings(targets={"eu": TargetSettings()})
    report = await simulate_changes(checked(folder, updates, settings), wanted)
    limit = Limit("1")
    lines = "\n".join(simulation_lines(report, wanted, limit))
    return lines, json.loads(simulation_json(report, limit))


async def test_what_starts_and_stops_is_told_with_what_it_rests_on(tmp_path: Path) -> None:
    lines, found = await told(
        tmp_path,
        [update("t", EventTriggerConditions=conditions(SECRET))],
        [definition("t", 50_000)],
        [order(40_000, second=number) for number in range(12)],
    )
    (row,) = (line.split() for line in lines.splitlines() if line.startswith("acme/t  "))
    assert row == ["acme/t", "12", "0", "10", "10", "0", "0", "→", "2"]
    assert "New firings: 10; 0 stop. Firings: 0 before, 10 after." in lines
    assert "That is more than --max-new-firings 1." in lines
    assert "Held back, though they match: 0 → 2 by periods." in lines
    assert "A period of a limit is the time just before each event. (--windows)" in lines
    assert "  2: rolling or calendar periods (--windows)" not in lines  # one day either way
    assert (found["started"], found["exceeded"], found["complete"]) == (10, True, True)
    assert found["events"]["first"] == "2026-11-01T10:00:00Z"
    assert SECRET not in lines + json.dumps(found)


@pytest.mark.parametrize(
    ("updates", "current", "events", "said"),
    [
        ([update("t", SegmentFilter="v")], None, [order(1)], "Give the triggers as they are"),
        ([update("t", SegmentFilter="v")], [definition("x", 1)], [order(1)], "neither its updates"),
        ([definition("t", 1)], None, [order(1, object_type="X")], "no event is of an object type"),
        ([definition("t", 1)], None, [order(1) | {"object": {}}], "No event has what these"),
        ([definition("t", 1)], None, [order(1) | {"object": {}}], "1 of the 1 attributes"),
        (
            [definition("t", 1), definition("t", 1) | {"DomainName": "globex"}],
            None,
            [order(2), order(2, second=1, domain="acme")],
            "Without a domain: 1 event, put to the triggers of all 2 domains.",
        ),
        (
            [definition("t", 1), definition("t", 1, target="eu")],
            None,
            [order(2)],
            "Events name no target: each was put to the triggers of all 2 targets.",
        ),
        (
            [update("t", Description="x")],
            [definition("t", 1)],
            [order(2)],
            "acme/t: nothing is changed that decides what fires.",
        ),
        (
            [definition("t", 1)],
            None,
            [order(1, object_type="X" * 999)],
            f"Events are of {'X' * 100}",
        ),
        ([definition("t", 1)], None, [order(2)], "What fires today is not known"),
        ([definition("t", 1)], [definition("x", 1)], [order(2)], "all its firings are new"),
        (
            [definition("t", 1)],
            [definition("t", 1)],
            [order(2)],
            "acme/t: nothing is changed that decides what fires.",
        ),
        (
            [definition("t", 1)],
            None,
            [order(1), order(1, second=-1)][::-1],
            "Left out, as no events: 1 line.",
        ),
        (
            [definition("t", 1, SegmentFilter="v")],
            [definition("t", 1)],
            [order(2)],
            "segment all profiles → v: how many profiles that are is not known",
        ),
        (
            [definition("t", 1), definition("u", 1, ObjectTypeName="Carts")],
            None,
            [order(2)],
            "acme/u: no event was for it: this says nothing of it.",
        ),
        (
            [definition("t", 1)],
            None,
            [order(2, second=5), order(2, timestamp="2026-11-01T10:00:00")],
            "Out of order: 1 event.",
        ),
    ],
)
async def test_whatever_a_reader_must_not_overlook_is_said(
    tmp_path: Path, updates: list[Any], current: list[Any] | None, events: list[Any], said: str
) -> None:
    lines, found = await told(tmp_path, updates, current, events, skip_invalid=True)
    assert said in lines
    assert found["complete"] is not ("not simulated" in lines or found["saw_nothing"])


async def test_an_event_that_is_not_there_can_not_be_explained_and_that_is_said(
    tmp_path: Path,
) -> None:
    lines, _ = await told(tmp_path, [definition("t", 1)], None, [order(2)], explain="e-9")
    assert "No event e-9" in lines
