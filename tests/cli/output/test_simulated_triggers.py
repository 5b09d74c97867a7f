"""Of very many triggers the table has those that change most, and says how many there are."""

from pathlib import Path

from batcher.cli.output.simulated_triggers import TRIGGERS_SHOWN, detail_lines, trigger_lines
from batcher.jobs.simulate import SimulationOrder, simulate_changes
from tests.jobs.simulated import checked, definition, order, written


async def test_the_triggers_that_change_most_are_shown(tmp_path: Path) -> None:
    updates = [definition(f"t{number}", 5) for number in range(TRIGGERS_SHOWN + 2)]
    updates[-1] = definition("most", 1)
    wanted = SimulationOrder(
        events=written(tmp_path / "events.jsonl", [order(total) for total in range(9)]),
        current=written(tmp_path / "current.jsonl", [definition("x", 1)]),
    )
    report = await simulate_changes(checked(tmp_path, updates), wanted)
    lines = list(trigger_lines(report))
    assert lines[1].startswith("acme/most")
    assert len(lines) == 1 + TRIGGERS_SHOWN + 1
    assert lines[-1] == "… and 2 triggers more; --json has all."
    assert len(list(detail_lines(report))) == TRIGGERS_SHOWN + 1


async def test_of_a_segment_without_members_it_says_which_of_the_two_it_is(tmp_path: Path) -> None:
    wanted = SimulationOrder(
        events=written(tmp_path / "events.jsonl", [order(1)]),
        current=written(tmp_path / "current.jsonl", [definition("t", 1, SegmentFilter="all")]),
        segments=written(tmp_path / "segments.jsonl", [{"segment": "vip", "profile": "p-1"}]),
    )
    updates = [definition("t", 1, SegmentFilter="vip")]
    report = await simulate_changes(checked(tmp_path, updates), wanted)
    said = "acme/t: segment all → vip: vip has 1 member; of all no members are given."
    assert said in list(detail_lines(report))
