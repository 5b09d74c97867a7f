"""Targets of a worker as rows: a few each, of many those that are well in one."""

from batcher.records import Counts
from batcher.status.snapshot import LaneSnapshot, UnusableTarget, WorkerSnapshot
from batcher.status.target_rows import TARGETS_SHOWN, target_rows
from tests.status.snapshots import snapshot


def lane(name: str, failed: int = 0) -> LaneSnapshot:
    return LaneSnapshot(
        target=name,
        operation="UpdateEventTrigger",
        rate=1.0,
        quota=2.0,
        in_flight=1,
        waiting=3,
        token_seconds=0.5,
        counts=Counts(succeeded=10, partial=1, failed=failed),
        no_images="--no-before" if name == "t3" else None,
    )


def worker(lanes: list[LaneSnapshot], unusable: tuple[str, ...] = ()) -> WorkerSnapshot:
    away = tuple(UnusableTarget(target=name, reason="no credentials") for name in unusable)
    return snapshot(lanes=tuple(lanes), unusable=away)


def test_of_a_few_targets_each_has_a_row() -> None:
    found = target_rows(worker([lane(f"t{n}") for n in range(TARGETS_SHOWN)]))
    assert [row[0] for row in found.lanes] == [f"t{n}" for n in range(TARGETS_SHOWN)]
    assert (len(found.results), found.left_out) == (TARGETS_SHOWN, 0)


def test_of_many_those_that_are_well_are_one_row_before_those_that_are_not() -> None:
    failures = {"t7": 1, "t8": 5}
    lanes = [lane(f"t{n}", failures.get(f"t{n}", 0)) for n in range(1000)]
    found = target_rows(worker(lanes, ("t9", "closed")))
    assert [row[0] for row in found.lanes] == ["997 targets are well", "t9", "t8", "t7"]
    assert found.lanes[0][1:] == (
        "all",
        "997/s",
        "1,994/s",
        "997",
        "2,991",
        "498.5 s",
        "none of 1",
    )
    assert found.results[0][:4] == ("997 targets are well", "9,970", "0", "0")
    assert found.unusable == [("t9", "no credentials"), ("closed", "no credentials")]
    assert found.left_out == 0


def test_of_more_that_are_not_well_than_there_is_room_for_the_rest_is_counted() -> None:
    lanes = [lane(f"t{n}", failed=1) for n in range(200)]
    found = target_rows(worker(lanes))
    assert (len(found.lanes), found.left_out) == (TARGETS_SHOWN, 200 - TARGETS_SHOWN)
    closed = tuple(f"closed{n}" for n in range(200))
    found = target_rows(worker([], closed))
    assert (found.lanes, len(found.unusable)) == ([], TARGETS_SHOWN)
    assert found.left_out == 200 - TARGETS_SHOWN


def test_what_is_told_in_brief_has_those_not_well_first_and_counts_the_others() -> None:
    now = worker([lane(f"t{n}", failed=n == 9) for n in range(20)], ("t19", "closed"))
    brief = now.brief(3)
    assert [each.target for each in brief.lanes] == ["t19", "t9", "t0"]
    assert [each.target for each in brief.unusable] == ["t19", "closed"]
    assert (brief.more_targets, brief.more_well) == (17, 17)
    assert now.brief(20) is now
