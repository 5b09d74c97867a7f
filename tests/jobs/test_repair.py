"""A run directory that something else has changed is repaired: killed anywhere, it goes on."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import DamageError, RunDirectoryError
from batcher.jobs.repair import repair_run
from batcher.jobs.rewrite import close_books, is_half_rewritten
from batcher.jobs.run_audit import audit_run
from batcher.jobs.run_reader import RunReader
from batcher.storage.hash_chain import ChainTip, line_digest
from batcher.storage.run_journals import NO_LINES
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, records
from tests.jobs.conftest import RecordedRun
from tests.kill_points import kill_points

COUNT = 5
Edit = Callable[[Path], object]


def chained_run(
    folder: Path, *, kind: str = "run", parent: Path | None = None, looked: bool = True
) -> Path:
    """A finished run of five updates with chained journals; the last of them failed."""
    updates = [change(number) for number in range(1, COUNT + 1)]
    recorded = RecordedRun(folder, updates, kind=kind, parent=parent)
    images, results = ChainTip(), ChainTip()
    lines = [
        msgspec.json.encode({"id": str(line), "target": "default", **change(line)})
        for line in range(1, COUNT)
    ]
    for line in range(1, COUNT):
        result = recorded.add(line, "succeeded")
        if looked:
            digest = line_digest(lines[line - 1])
            recorded.results[-1] = msgspec.structs.replace(result, image=digest)
    recorded.add(COUNT, "failed", "ResourceNotFoundException")
    path = recorded.write()
    if looked:
        (path / "before.jsonl").write_bytes(b"".join(map(images.seal, lines)))
    encoded = map(msgspec.json.encode, recorded.results)
    (path / "results.jsonl").write_bytes(b"".join(map(results.seal, encoded)))
    run = reader_of(path)
    with run.directory:
        run.directory.write_heads(NO_LINES)
        run.reload()
        close_books(run)
    return path


def reader_of(path: Path) -> RunReader:
    return RunReader(path, line_reader(Settings(), any_target=True))


def without_line(name: str, number: int) -> Edit:
    def edit(path: Path) -> None:
        lines = (path / name).read_bytes().splitlines(keepends=True)
        (path / name).write_bytes(b"".join(lines[: number - 1] + lines[number:]))

    return edit


def emptied(name: str) -> Edit:
    return lambda path: (path / name).write_bytes(b"")


def gone(name: str) -> Edit:
    return lambda path: (path / name).unlink()


@pytest.mark.parametrize(
    ("edit", "in_doubt", "without_image"),
    [
        (without_line("results.jsonl", 2), [2, 3], []),
        (without_line("results.jsonl", 5), [5], []),
        (without_line("before.jsonl", 2), [], [2]),
        (emptied("results.jsonl"), [1, 2, 3, 4, 5], []),
        (gone("results.jsonl"), [1, 2, 3, 4, 5], []),
        (emptied("before.jsonl"), [], [1, 2, 3, 4]),
        (gone("before.jsonl"), [], [1, 2, 3, 4]),
    ],
)
def test_what_is_whole_is_kept_and_the_books_are_right_again(
    tmp_path: Path, edit: Edit, in_doubt: list[int], without_image: list[int]
) -> None:
    path = chained_run(tmp_path)
    edit(path)
    damaged = {each.name: each.read_bytes() for each in path.glob("*.jsonl")}
    (repair,) = repair_run(path)
    assert (repair.in_doubt, repair.without_image) == (len(in_doubt), len(without_image))
    results = records(path / "results.jsonl")
    assert sorted(each["line"] for each in results) == [1, 2, 3, 4, 5]
    assert sorted(e["line"] for e in results if e["status"] == "in_doubt") == in_doubt
    assert [each["line"] for each in results if each.get("image", "") is None] == without_image
    audit = audit_run(reader_of(path))
    assert [each.line for each in audit.wrong.first] == without_image  # that is never forgotten
    for kept in repair.kept:
        assert kept.read_bytes() == damaged[kept.name.partition(".damaged-")[0]]
    assert repair_run(path) == []


def test_killed_at_any_operation_it_can_be_done_again(tmp_path: Path) -> None:
    path = chained_run(tmp_path)
    without_line("results.jsonl", 2)(path)
    without_line("before.jsonl", 1)(path)
    shutil.copytree(path, tmp_path / "as it was")
    points = 0
    for point in kill_points(lambda: repair_run(path)):
        points = point
        repair_run(path)
        run = reader_of(path)
        assert not is_half_rewritten(run.journals.known), point
        assert [each.line for each in audit_run(run).wrong.first] == [1], point
        assert run.chosen(lambda result: result.status == "in_doubt") == [2, 3], point
        assert not list(path.glob("*.damaged-3")), point
        shutil.rmtree(path)
        shutil.copytree(tmp_path / "as it was", path)
    assert points > 20


def test_a_damaged_retry_is_repaired_with_the_run_that_it_is_of(tmp_path: Path) -> None:
    path = chained_run(tmp_path, looked=False)
    (tmp_path / "else").mkdir()
    child = chained_run(tmp_path / "else", kind="retry", parent=path, looked=False)
    child = child.rename(tmp_path / "updates.run.retry-1")
    for each in (path, child):
        without_line("results.jsonl", 1)(each)
    assert [repair.path for repair in repair_run(path)] == [path, child]
    for each in (path, child):
        assert audit_run(reader_of(each)).wrong.count == 0
    assert repair_run(child) == []


def test_retries_that_can_not_be_read_are_put_aside(tmp_path: Path) -> None:
    path = chained_run(tmp_path)
    (path / "retries.json").write_bytes(b"[{")
    (repair,) = repair_run(path)
    assert [kept.name for kept in repair.kept] == ["retries.json.damaged-1"]
    assert not (path / "retries.json").exists()
    assert repair_run(path) == []


def test_what_is_no_regular_file_is_not_touched_and_nothing_is_no_run(tmp_path: Path) -> None:
    path = chained_run(tmp_path)
    (path / "results.jsonl").unlink()
    os.mkfifo(path / "results.jsonl")
    with pytest.raises(DamageError, match="a FIFO"):
        repair_run(path)
    with pytest.raises(RunDirectoryError, match="no run directory"):
        repair_run(tmp_path / "nothing")
