"""Sample events of a file's triggers show what its updates change."""

from pathlib import Path

import pytest

from batcher.errors import InputError, OutputExistsError
from batcher.jobs.sample_events import write_sample_events
from batcher.jobs.simulate import SimulationOrder, simulate_changes
from tests.jobs.simulated import checked, conditions, definition, update, written


async def test_a_bound_that_moves_starts_or_stops_one_of_the_events_made_for_it(
    tmp_path: Path,
) -> None:
    current = written(tmp_path / "c.jsonl", [definition("t", 100), definition("u", 100)])
    lines = [
        update(name, EventTriggerConditions=conditions(n)) for name, n in (("t", 99), ("u", 101))
    ]
    file = checked(tmp_path, lines)
    out = tmp_path / "sample.jsonl"
    count = await write_sample_events(file, SimulationOrder(events="", current=current), out)
    assert count == len(out.read_text().splitlines()) > 20
    report = await simulate_changes(file, SimulationOrder(events=str(out), current=current))
    looser, tighter = report.triggers
    assert looser.started > 0 == looser.stopped
    assert tighter.stopped > 0 == tighter.started
    assert report.is_complete
    with pytest.raises(OutputExistsError):
        await write_sample_events(file, SimulationOrder(events="", current=current), out)


async def test_of_triggers_that_are_not_known_none_can_be_made(tmp_path: Path) -> None:
    file = checked(tmp_path, [update("t", SegmentFilter="vip")])
    with pytest.raises(InputError, match="Give the triggers as they are: --current"):
        await write_sample_events(file, SimulationOrder(events=""), tmp_path / "sample.jsonl")
    assert not (tmp_path / "sample.jsonl").exists()
