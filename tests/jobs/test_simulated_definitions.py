"""Triggers before and after the updates of a file, which are applied in the order of its lines."""

from pathlib import Path

from batcher.jobs.simulated_definitions import simulated_definitions
from batcher.triggers.semantics.firing_options import FiringOptions
from tests.jobs.simulated import checked, conditions, definition, update, written


async def test_updates_of_a_trigger_are_merged_in_the_order_of_lines_whatever_their_priority(
    tmp_path: Path,
) -> None:
    lines = [
        update("b", SegmentFilter="one"),
        update("a", SegmentFilter="one"),
        update("b", SegmentFilter="two", priority=9),
    ]
    file = checked(tmp_path, lines)
    current = written(tmp_path / "current.jsonl", [definition("b", 5, Description="d")])
    b, a = await simulated_definitions(file, current, FiringOptions())
    assert (b.key.trigger, b.lines, b.basis) == ("b", (1, 3), "current")
    assert b.new == definition("b", 5, Description="d", SegmentFilter="two")
    assert (a.basis, a.old, a.is_whole) == ("missing", None, False)
    (*_, cleared) = await simulated_definitions(file, current, FiringOptions(omitted="cleared"))
    assert cleared.key.trigger == "a"


async def test_cleared_is_what_a_trigger_can_be_without(tmp_path: Path) -> None:
    file = checked(tmp_path, [update("b", Description="new")])
    current = written(tmp_path / "c.jsonl", [definition("b", 5, SegmentFilter="vip")])
    (b,) = await simulated_definitions(file, current, FiringOptions(omitted="cleared"))
    assert b.new == definition("b", 5, Description="new")


async def test_what_is_lacking_is_named(tmp_path: Path) -> None:
    file = checked(tmp_path, [update("b", EventTriggerConditions=conditions(1))])
    (b,) = await simulated_definitions(file, None, FiringOptions())
    assert (b.basis, b.lacking) == ("not_given", ["ObjectTypeName"])
