"""The report: how a segment's reach differs, and what all of it rests on."""

from pathlib import Path
from typing import Any

import pytest

from batcher.jobs.simulate import SimulationOrder, simulate_changes
from batcher.jobs.simulation_outcome import ATTACHED, FILE_ORDER, MEMBERS_STAY
from batcher.jobs.simulation_report import SegmentReach, SimulationReport
from tests.jobs.simulated import checked, definition, order, update, written

MEMBERS = [{"segment": "vip", "profiles": ["a", "b", "c"]}, {"segment": "gold", "profile": "c"}]


async def reported(folder: Path, now: dict[str, Any], **asked: Any) -> SimulationReport:
    file = checked(folder, [update("t", SegmentFilter="gold")])
    return await simulate_changes(
        file,
        SimulationOrder(
            events=written(folder / "events.jsonl", [order(6)]),
            current=written(folder / "current.jsonl", [now]),
            **asked,
        ),
    )


@pytest.mark.parametrize(
    ("members", "reach"),
    [
        (MEMBERS, {"members_before": 3, "members_after": 1, "gained": 0, "lost": 2}),
        (MEMBERS[:1], {"members_before": 3}),
        (None, {}),
    ],
)
async def test_members_of_a_changed_segment_are_compared_as_far_as_they_are_given(
    tmp_path: Path, members: list[Any] | None, reach: dict[str, int]
) -> None:
    file = None if members is None else written(tmp_path / "members.jsonl", members)
    report = await reported(tmp_path, definition("t", 5, SegmentFilter="vip"), segments=file)
    assert report.triggers[0].segment == SegmentReach(before="vip", after="gold", **reach)


async def test_a_segment_that_stays_has_no_other_reach(tmp_path: Path) -> None:
    report = await reported(tmp_path, definition("t", 5, SegmentFilter="gold"))
    assert report.triggers[0].segment is None


async def test_what_it_rests_on_is_listed_once_and_only_what_can_matter(tmp_path: Path) -> None:
    members = written(tmp_path / "members.jsonl", MEMBERS)
    report = await reported(tmp_path, definition("t", 5), segments=members)
    options = [each.option for each in report.assumptions]
    assert {"text_numbers", "windows", "suppressed", "omitted"} <= set(options)
    assert not {"between", "month_days", "unlisted", "no_ingestion_time"} & set(options)
    sentences = [each.sentence for each in report.assumptions]
    assert len(sentences) == len(set(sentences))
    assert {FILE_ORDER, ATTACHED, MEMBERS_STAY} <= set(sentences)
