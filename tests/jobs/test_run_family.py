"""What became of a run's updates since: an older one is never put over a newer one."""

import shutil
from pathlib import Path

import msgspec
import pytest

from batcher.config import Settings
from batcher.jobs.failed_lines import write_failed
from batcher.jobs.retry import choose
from batcher.jobs.run_family import family_of, newer_results, superseded
from batcher.jobs.run_reader import RunReader
from batcher.records import Status
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_retries import note_in_parent
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, records
from tests.jobs.conftest import RecordedRun

LATER: list[tuple[Status, str | None, set[int]]] = [
    ("succeeded", None, {1}),
    ("unchanged", None, {1}),
    ("partial", "Partial", {1}),
    ("in_doubt", "ReadTimeoutError", {1}),  # it may have been applied
    ("failed", "Boom", set()),
    ("stale", "Stale", set()),
]


def reader_of(path: Path) -> RunReader:
    return RunReader(path, line_reader(Settings(), any_target=True))


def a_retry(run: RecordedRun, number: int, *results: tuple[str, int, Status]) -> RunReader:
    """A retry of a run, by id, line in the input of the first run, and what came of it."""
    updates = [run.updates[line - 1] | {"id": name} for name, line, _ in results]
    ended = RecordedRun(run.path.parent / f"of{number}", updates, kind="retry", parent=run.path)
    for line, (name, _, status) in enumerate(results, 1):
        result = ended.add(line, status, None if status == "succeeded" else "Boom")
        finished = f"2026-01-0{number + 1}T00:00:01.000Z"
        ended.results[-1] = msgspec.structs.replace(result, id=name, finished_at=finished)
    path = run.path.with_name(f"{run.path.name}.retry-{number}")
    ended.write().rename(path)
    return reader_of(path)


@pytest.mark.parametrize(("later", "code", "found"), LATER)
def test_a_line_is_superseded_by_a_later_one_that_may_have_changed_its_trigger(
    tmp_path: Path, later: Status, code: str | None, found: set[int]
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1), change(0), change(1)])
    run.add(3, later, code)
    run.add(1, "failed", "Boom")
    run.add(4, "failed", "Boom")
    assert superseded(reader_of(run.write()), [1, 4]) == found


def test_a_later_line_that_is_sent_again_itself_supersedes_nothing(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0), change(0)])
    run.add(1, "failed", "Boom")
    run.add(2, "in_doubt", "ReadTimeoutError")
    assert superseded(reader_of(run.write()), [1, 2]) == frozenset()
    assert superseded(reader_of(run.path), [1]) == {1}


def test_what_a_retry_has_done_is_neither_done_again_nor_undone(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1), change(0), change(1)])
    for line in (1, 2, 3, 4):
        run.add(line, "failed", "Boom")
    reader = reader_of(run.write())
    write_failed(reader)
    assert [line["id"] for line in records(run.directory.failed)] == ["1", "2", "3", "4"]
    retried = a_retry(run, 1, ("3", 3, "succeeded"), ("2", 2, "succeeded"), ("4", 4, "failed"))
    assert sorted(newer_results(reader)) == ["2", "3", "4"]
    chosen = choose(reader)
    assert (chosen.lines, set(chosen.superseded)) == ([1, 4], {1})
    write_failed(reader)
    assert [line["id"] for line in records(run.directory.failed)] == ["4"]
    again = choose(retried)
    assert [line["id"] for line in again.updates()] == ["4"]


def test_a_retry_of_a_retry_knows_what_the_first_run_and_other_retries_did(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(n % 3) for n in range(6)])  # t0 t1 t2 t0 t1 t2
    for line in (1, 2, 3, 6):
        run.add(line, "failed", "Boom")
    run.add(4, "succeeded")  # the run went on after its first retry
    run.add(5, "failed", "Boom")
    run.write()
    first = a_retry(run, 1, ("1", 1, "failed"), ("2", 2, "failed"), ("3", 3, "failed"))
    a_retry(run, 2, ("5", 5, "succeeded"), ("3", 3, "succeeded"))
    chosen = choose(first)
    assert chosen.lines == [1, 2]  # line 3 is done by the second
    assert chosen.superseded == {1, 2}


def test_a_retry_that_is_not_finished_is_left_to_be_resumed(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1)])
    run.add(1, "failed", "Boom")
    run.add(2, "failed", "Boom")
    reader = reader_of(run.write())
    a_retry(run, 1, ("1", 1, "succeeded"))
    (tmp_path / "updates.run.retry-1" / "summary.json").unlink()
    assert choose(reader).lines == [1, 2]


def elsewhere(run: RecordedRun, retried: RunReader, to: Path) -> RunDirectory:
    """A retry that is not beside its run, noted in it as it was begun."""
    to.parent.mkdir(exist_ok=True)
    moved = RunDirectory(retried.directory.path.rename(to))
    note_in_parent(moved, retried.manifest)
    return moved


def test_a_retry_elsewhere_counts_wherever_both_are_moved(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0), change(0)])
    run.add(1, "failed", "Boom")
    run.add(2, "failed", "Boom")
    run.write()
    there = elsewhere(run, a_retry(run, 1, ("2", 2, "succeeded")), tmp_path / "far" / "again")
    assert choose(reader_of(run.path)).superseded == {1}
    assert family_of(run.directory).unreadable == []
    again = elsewhere(run, a_retry(run, 2, ("1", 1, "failed")), tmp_path / "of" / "again")
    assert [each.path for each in family_of(again).retries] == [again.path, there.path]
    (tmp_path / "new").mkdir()
    both = [each.rename(tmp_path / "new" / each.name) for each in (run.path, there.path)]
    (tmp_path / "new" / "updates.jsonl").write_bytes((tmp_path / "updates.jsonl").read_bytes())
    assert choose(reader_of(both[0])).superseded == {1}


def test_a_retry_that_is_gone_or_another_run_by_now_is_said(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0), change(0)])
    run.add(1, "failed", "Boom")
    run.add(2, "failed", "Boom")
    reader = reader_of(run.write())
    there = elsewhere(run, a_retry(run, 1, ("2", 2, "succeeded")), tmp_path / "far" / "again")
    said = [f"{there.path}: a retry of {run.path} that is gone"]
    kept = there.manifest.read_bytes()
    there.manifest.write_bytes(kept.replace(b'"run": "r"', b'"run": "another"'))
    assert (choose(reader).lines, choose(reader).unreadable) == ([1, 2], said)
    there.path.rename(tmp_path / "away")
    assert choose(reader).unreadable == said
    (tmp_path / "away").rename(there.path)
    there.manifest.write_bytes(kept)
    assert choose(reader).unreadable == []


def test_a_run_that_is_retried_and_gone_is_said(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0)])
    run.add(1, "failed", "Boom")
    run.write()
    retried = a_retry(run, 1, ("1", 1, "failed"))
    run.path.rename(tmp_path / "away")
    (said,) = choose(retried).unreadable
    assert said.startswith(f"{run.path}: the run that ")


@pytest.mark.parametrize("name", ["updates.run", "other.run"])
def test_a_retry_that_is_called_like_its_run_is_not_taken_for_it(tmp_path: Path, name: str) -> None:
    run = RecordedRun(tmp_path, [change(0)])
    run.add(1, "failed", "Boom")
    run.write()
    (tmp_path / "else").mkdir()
    ended = RecordedRun(tmp_path / "else", [change(0)], kind="retry", parent=run.path)
    ended.add(1, "succeeded")
    path = ended.write().rename(tmp_path / "else" / name)
    family = family_of(RunDirectory(path))
    assert (family.root.path, [each.path for each in family.retries]) == (run.path, [path])
    shutil.rmtree(run.path)
    assert family_of(RunDirectory(path)).unreadable != []


def test_runs_that_retry_each_other_have_an_end(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0)], kind="retry", parent=tmp_path / "x" / "updates.run")
    run.add(1, "failed", "Boom")
    (tmp_path / "x").mkdir()
    other = RecordedRun(tmp_path / "x", [change(0)], kind="retry", parent=run.path)
    other.add(1, "failed", "Boom")
    run.write()
    other.write()
    assert family_of(RunDirectory(run.path)).unreadable != []


def test_what_an_unfinished_retry_has_changed_is_not_undone(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1), change(0)])
    run.add(1, "failed", "Boom")
    run.add(2, "failed", "Crash")
    run.add(3, "failed", "Crash")
    reader = reader_of(run.write())
    a_retry(run, 1, ("3", 3, "succeeded"))
    (tmp_path / "updates.run.retry-1" / "summary.json").unlink()
    assert choose(reader, ["Boom"]).superseded == {1}
    everything = choose(reader)
    assert (everything.lines, everything.superseded) == ([1, 2, 3], frozenset())


def test_a_line_is_superseded_by_one_under_another_name_of_its_place(tmp_path: Path) -> None:
    names = ("a", "b", "far")
    run = RecordedRun(tmp_path, [change(n, target=name) for n in (0, 1) for name in names[n:]])
    run.put_at(a="1", b="1", far="2")
    for line, status in enumerate(("failed", "succeeded", "succeeded", "failed", "succeeded"), 1):
        run.add(line, status, "Boom")
    assert superseded(reader_of(run.write()), [1, 4]) == {1}
