"""What a rollback puts back, newest first, and what stays of the run."""

import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import InputError, JournalError, RunDirectoryError
from batcher.jobs.rollback import FIRST, UNCHANGING, make_rollback, undos
from batcher.jobs.run_reader import RunReader
from batcher.records import Status, Update
from batcher.storage.omission_records import Omission
from batcher.triggers.decision import ChangeOptions, Decision, Finish, Send, decide
from batcher.wiring.line_readers import installed_update_model, line_reader
from batcher.wiring.omissions import KnownOmissions
from tests.conftest import change, trigger
from tests.jobs.conftest import RecordedRun


def rollback(recorded: RecordedRun, images: list[dict[str, Any]] | None) -> tuple[Any, list[Any]]:
    """The report on a run with those before images, and the lines that undo it."""
    path, made = recorded.write(), list[dict[str, Any]]()
    if images is not None:
        encoded = [msgspec.json.encode(image) + b"\n" for image in images]
        (path / "before.jsonl").write_bytes(b"".join(encoded))
    run = RunReader(path, line_reader(Settings(), any_target=True))
    return make_rollback(run, made.append), made


def image(line: int, number: int, **more: Any) -> dict[str, Any]:
    return {"id": str(line), "target": "default", **trigger(number), **more}


def test_images_are_put_back_newest_first_each_based_on_what_the_run_had_made(
    tmp_path: Path,
) -> None:
    recorded = RecordedRun(tmp_path, [change(0), change(1)])
    for line in (1, 2):
        recorded.add(line, "succeeded")
    report, made = rollback(recorded, [image(1, 0), image(2, 1)])
    assert [(line["id"], line["Description"]) for line in made] == [
        ("2", "before-1"),
        ("1", "before-0"),
    ]
    assert all(len(line["based_on"]["sha256"]) == 64 for line in made)
    assert (report.undone, report.partial, report.unsure, report.unseen) == (2, 0, 0, 0)


def test_members_that_did_not_exist_before_are_counted_and_the_first_ones_named(
    tmp_path: Path,
) -> None:
    count = FIRST + 2
    recorded = RecordedRun(tmp_path, [change(n, SegmentFilter="vip") for n in range(count)])
    for line in range(1, count + 1):
        recorded.add(line, "succeeded")
    report, made = rollback(recorded, [image(n + 1, n) for n in range(count)])
    assert (report.undone, report.partial, len(report.first_partial)) == (count, count, FIRST)
    assert report.first_partial[0].remains == ["SegmentFilter"]
    assert len(made) == count


def test_an_update_without_an_answer_is_undone_as_well_and_nobody_knows_in_full(
    tmp_path: Path,
) -> None:
    recorded = RecordedRun(tmp_path, [change(0, SegmentFilter="vip"), change(1)])
    report, made = rollback(recorded, [image(1, 0)])  # no result: it was in flight
    assert (report.undone, report.partial, report.unsure) == (1, 0, 1)
    assert made[0]["Description"] == "before-0"


@pytest.mark.parametrize("name", ["x", "1"])
def test_a_line_that_broke_a_rule_is_not_taken_for_the_update_of_its_id(
    tmp_path: Path, name: str
) -> None:
    lines = [change(1, id=name, target="no target"), change(0, id=name)]
    recorded = RecordedRun(tmp_path, lines)
    recorded.add(1, "invalid", "InvalidUpdate")
    report, made = rollback(recorded, [image(1, 0) | {"id": name}])  # of line 2, in flight
    assert (report.undone, made[0]["EventTriggerName"]) == (1, "t0")


def test_what_succeeded_without_an_image_stays(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0), change(1)])
    for line in (1, 2):
        recorded.add(line, "succeeded")
    report, _ = rollback(recorded, [image(2, 1)])
    assert (report.undone, report.unseen) == (1, 1)


def test_where_there_is_nothing_to_undo_it_says_why(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0)])
    with pytest.raises(RunDirectoryError, match="kept no before images"):
        rollback(recorded, None)
    with pytest.raises(InputError, match=r"run has changed nothing\. Leave it as it is\.$"):
        rollback(recorded, [])
    recorded.add(1, "succeeded")
    (tmp_path / "updates.run" / "before.jsonl").unlink()
    with pytest.raises(RunDirectoryError, match="kept no before images"):
        rollback(recorded, None)
    with pytest.raises(InputError, match=r"1 update created a trigger, did not look.*run that\.$"):
        rollback(recorded, [])


@pytest.mark.parametrize("status", UNCHANGING)
@pytest.mark.parametrize("images", [[], None], ids=["looked", "did not look"])
def test_of_a_run_that_changed_nothing_nobody_is_to_correct_anything(
    tmp_path: Path, status: Status, images: list[dict[str, Any]] | None
) -> None:
    recorded = RecordedRun(tmp_path, [change(0)])
    recorded.add(1, status, None if status == "unchanged" else "Boom")
    with pytest.raises(InputError, match=r"run has changed nothing\. Leave it as it is\.$"):
        rollback(recorded, images)


def test_an_image_of_an_update_that_the_run_does_not_have_is_damage(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="line 1 is the image of an update nobody"):
        rollback(RecordedRun(tmp_path, [change(0)]), [image(1, 0, id="nobody")])


@pytest.mark.parametrize("settled", [True, False])
def test_an_id_with_the_hash_of_another_is_told_apart_by_its_line(
    tmp_path: Path, settled: bool
) -> None:
    recorded = RecordedRun(tmp_path, [change(0, id="a"), change(1, id="b")])
    if settled:
        recorded.results.append(msgspec.structs.replace(recorded.add(2, "succeeded"), id="b"))
        del recorded.results[0]
    path = recorded.write()
    (path / "before.jsonl").write_bytes(msgspec.json.encode(image(2, 1) | {"id": "b"}) + b"\n")
    run = RunReader(path, line_reader(Settings(), any_target=True))
    run.ids.hashes[0] = run.ids.hashes[1]  # as may happen
    (undo,) = undos(run)
    assert (undo.line["EventTriggerName"], undo.sure) == ("t1", settled)


def test_of_several_images_of_an_update_the_last_is_put_back(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0), change(1)])
    for line in (1, 2):
        recorded.add(line, "succeeded")
    images = [image(1, 0), image(2, 1), image(1, 0, Description="a colleague's")]
    report, made = rollback(recorded, images)
    assert [line["Description"] for line in made] == ["a colleague's", "before-1"]
    assert report.undone == 2


@pytest.mark.parametrize("status", ["partial", "differs"])
def test_what_a_rollback_left_not_in_full_is_what_the_next_one_recreates(
    tmp_path: Path, status: Status
) -> None:
    recorded = RecordedRun(tmp_path, [change(0, SegmentFilter="vip")])
    recorded.add(1, "succeeded")
    rollback(recorded, [image(1, 0)])
    undone = RecordedRun(tmp_path / "undone", [trigger(0)], kind="rollback", parent=recorded.path)
    undone.results.append(msgspec.structs.replace(undone.add(1, status), digest="d" * 64))
    undone.results.pop(0)
    undone.write().rename(tmp_path / "updates.run.rollback")
    run = RunReader(recorded.path, line_reader(Settings(), any_target=True))
    (undo,) = undos(run, recreate=True)
    assert undo.line["based_on"] == {"sha256": "d" * 64}


def test_what_is_known_to_go_when_it_is_omitted_does_not_stay(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0, SegmentFilter="vip", EventTriggerLimits={})])
    recorded.add(1, "succeeded")
    rollback(recorded, [image(1, 0)])
    run = RunReader(tmp_path / "updates.run", line_reader(Settings(), any_target=True))
    place = {"account": "1", "region": "eu-west-1", "endpoint": "https://one"}
    at = {**place, "member": "SegmentFilter", "seen_at": "2026-03-01T12:00:00.000Z"}
    for effect, remains in (("kept", ["SegmentFilter"]), ("cleared", [])):
        entry = msgspec.convert({**at, "effect": effect}, Omission)
        known = {"default": KnownOmissions(whole="auto", effects={"SegmentFilter": entry})}
        (undo,) = undos(run, known=known)
        assert undo.remains == remains


def decided(line: dict[str, Any], current: dict[str, Any]) -> Decision:
    """What an undo does about a trigger that is so."""
    update = line_reader(Settings()).read(msgspec.json.encode(line), 1)
    assert isinstance(update, Update)
    options = ChangeOptions(writable=installed_update_model().writable, complete=True)
    return decide(update, current, kept=False, options=options)


@pytest.mark.parametrize("again", [False, True])
def test_a_trigger_that_is_as_before_the_run_is_unchanged_however_many_updates_it_had(
    tmp_path: Path, again: bool
) -> None:
    texts = ["one", "two", "three"]
    recorded = RecordedRun(tmp_path, [change(0, Description=text) for text in texts])
    for line in (1, 2, 3):
        recorded.add(line, "succeeded")
    images = [image(1, 0), image(2, 0, Description="one"), image(3, 0, Description="two")]
    if again:  # found otherwise when the first was sent once more
        images.insert(0, image(1, 0, Description="older"))
    _, made = rollback(recorded, images)
    assert [line["Description"] for line in made] == ["two", "one", "before-0"]
    for line in made:
        assert decided(line, trigger(0)) == Finish(status="unchanged")
    for other in ("a colleague's", "older"):
        undo = decided(made[0], trigger(0) | {"Description": other})
        assert isinstance(undo, Finish)
        assert undo.status == "stale"
    assert isinstance(decided(made[0], trigger(0) | {"Description": "three"}), Send)


def test_an_update_that_is_put_back_takes_few_bytes(tmp_path: Path) -> None:
    """Ids are names; the result and the image of each are read again."""

    def peak(count: int) -> int:
        names = [f"row-{number}" for number in range(count)]
        recorded = RecordedRun(
            tmp_path / str(count), [change(n, id=name) for n, name in enumerate(names)]
        )
        for line in range(1, count + 1):
            recorded.add(line, "succeeded")
            result = msgspec.structs.replace(recorded.results[-1], id=names[line - 1])
            recorded.results[-1] = result
        path = recorded.write()
        images = [msgspec.json.encode(image(n, n) | {"id": name}) for n, name in enumerate(names)]
        (path / "before.jsonl").write_bytes(b"".join(each + b"\n" for each in images))
        tracemalloc.start()
        try:
            run = RunReader(path, line_reader(Settings(), any_target=True))
            assert sum(1 for _ in undos(run)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is made once
    more = peak(3_500) - peak(1_000)
    assert more < 40 * 2_500


def test_what_is_left_behind_counts_under_all_names_of_a_place(tmp_path: Path) -> None:
    changes = [change(0, target="a"), change(0, target="b", SegmentFilter="vip")]
    images = [image(1, 0, target="a"), image(2, 0, target="b", Description="after-0")]
    made = []
    for number, names in enumerate((("a", "b"), ("b", "b"))):
        recorded = RecordedRun(
            tmp_path / str(number),
            [each | {"target": name} for each, name in zip(changes, names, strict=True)],
        )
        recorded.put_at(a="1", b="1")
        for line in (1, 2):
            recorded.add(line, "succeeded")
        own = [each | {"target": name} for each, name in zip(images, names, strict=True)]
        made.append([line["based_on"] for line in rollback(recorded, own)[1]])
    assert made[0] == made[1]
    assert "undone_sha256" in made[0][0]
