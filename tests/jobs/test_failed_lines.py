"""``failed.jsonl`` has the updates that failed or are in doubt, and nobody else's."""

import shutil
from pathlib import Path

import pytest
from msgspec import UNSET

from batcher.config import Settings
from batcher.errors import DamageError
from batcher.jobs.failed_lines import is_as_written, renew_family, write_failed
from batcher.jobs.rewrite import close_books, rewrite_results
from batcher.jobs.run_audit import audit_run
from batcher.jobs.run_family import newer_results
from batcher.jobs.run_reader import RunReader
from batcher.records import Superseded
from batcher.storage.hash_chain import split
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, records
from tests.jobs.conftest import RecordedRun
from tests.jobs.test_run_family import a_retry
from tests.kill_points import kill_points


def reader_of(path: Path) -> RunReader:
    return RunReader(path, line_reader(Settings()))


@pytest.mark.parametrize(
    ("statuses", "failed"),
    [(["succeeded", "failed", "in_doubt"], ["2", "3"]), (["succeeded", "stale", "unchanged"], [])],
)
def test_failed_lines_are_those_that_failed_or_are_in_doubt_and_none_leaves_no_file(
    tmp_path: Path, statuses: list[str], failed: list[str]
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1), change(2)])
    for line, status in enumerate(statuses, 1):
        run.add(line, status, None if status in ("succeeded", "unchanged") else "Boom")
    path = run.write()
    (path / "failed.jsonl").write_bytes(b"of a session before\n")
    write_failed(RunReader(path, line_reader(Settings())))
    if failed:
        assert [each["id"] for each in records(path / "failed.jsonl")] == failed
    else:
        assert not (path / "failed.jsonl").exists()


@pytest.mark.parametrize("failed", [True, False])
def test_a_file_that_is_not_as_it_has_to_be_is_told_apart(tmp_path: Path, failed: bool) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1)])
    run.add(1, "succeeded")
    run.add(2, *(("failed", "Boom") if failed else ("unchanged", None)))
    path, reader = run.write() / "failed.jsonl", reader_of(run.path)
    assert is_as_written(reader) is not failed
    write_failed(reader)
    assert is_as_written(reader)
    lines = path.read_bytes().splitlines(keepends=True) if failed else []
    for other in (lines * 2, [], [b"{}\n"], [line[:-1] for line in lines]):
        path.write_bytes(b"".join(other))
        assert is_as_written(reader) is (other == lines)
    path.unlink()
    path.symlink_to("elsewhere")
    with pytest.raises(DamageError, match="a symbolic link"):
        is_as_written(reader)


def a_family(folder: Path) -> tuple[RecordedRun, RunReader]:
    """A run whose three lines failed, two of one trigger; and its retry, the second in doubt."""
    folder.mkdir()
    run = RecordedRun(folder, [change(0), change(0), change(1)])
    for line in (1, 2, 3):
        run.add(line, "failed", "Boom")
    reader = reader_of(run.write())
    with reader.directory:
        close_books(reader)
    rows = ("1", 1, "failed"), ("2", 2, "in_doubt"), ("3", 3, "succeeded")
    retried = a_retry(run, 1, *rows)
    with retried.directory:
        close_books(retried)
        renew_family(retried)
    return run, retried


def settle(path: Path, status: str) -> None:
    """What verify does with what is in doubt in the run of a directory."""
    run = reader_of(path)
    with run.directory:
        lines = [split(line)[0] for _, line in run.journals.results.lines()]
        if any(b"in_doubt" in line for line in lines):
            settled = [line.replace(b"in_doubt", status.encode()) for line in lines]
            rewrite_results(run, settled)
        close_books(run)
        assert renew_family(run) == []


def failed_of(path: Path) -> list[str]:
    file = path / "failed.jsonl"
    return [each["id"] for each in records(file)] if file.exists() else []


SETTLED = [("failed", ["1", "2"]), ("succeeded", [])]  # the first is superseded then


@pytest.mark.parametrize(("status", "ids"), SETTLED)
def test_what_is_settled_in_a_retry_is_settled_for_the_run_too(
    tmp_path: Path, status: str, ids: list[str]
) -> None:
    run, retried = a_family(tmp_path / "f")
    assert failed_of(run.path) == failed_of(retried.directory.path) == ["1", "2"]
    settle(retried.directory.path, status)
    left_out = write_failed(reader_of(run.path))
    told = Superseded(updates=1, lines=[1])
    assert left_out == (told if status == "succeeded" else UNSET)
    assert failed_of(run.path) == failed_of(retried.directory.path) == ids
    assert audit_run(reader_of(run.path)).wrong.count == 0


@pytest.mark.parametrize(("status", "ids"), SETTLED)
def test_killed_at_any_operation_meanwhile_both_are_right_when_either_is_verified_again(
    tmp_path: Path, status: str, ids: list[str]
) -> None:
    a_family(tmp_path / "as it was")
    family = tmp_path / "f"
    run, again = family / "updates.run", family / "updates.run.retry-1"

    def put_back() -> None:
        shutil.rmtree(family, ignore_errors=True)
        shutil.copytree(tmp_path / "as it was", family)

    put_back()
    points = 0
    for points in kill_points(lambda: settle(again, status)):
        assert set(newer_results(reader_of(run))) == {"1", "2", "3"}
        for verified in (run, again) if points % 2 else (again, run):
            settle(verified, status)
        settle(again, status)
        assert failed_of(run) == failed_of(again) == ids
        assert [audit_run(reader_of(each)).wrong.first for each in (run, again)] == [[], []]
        put_back()
    assert points > 10


def test_one_of_a_family_that_is_in_use_is_told_and_the_others_are_right(tmp_path: Path) -> None:
    run, retried = a_family(tmp_path / "f")
    with run.directory, retried.directory:
        (wrong,) = renew_family(retried)
    assert wrong.startswith(f"{run.directory.failed}: can't be made anew: ")
    assert "in use by process" in wrong
