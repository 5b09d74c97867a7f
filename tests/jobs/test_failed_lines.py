"""``failed.jsonl`` has the updates that failed or are in doubt, and nobody else's."""

from pathlib import Path

import pytest

from batcher.config import Settings
from batcher.errors import DamageError
from batcher.jobs.failed_lines import is_as_written, write_failed
from batcher.jobs.run_reader import RunReader
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, records
from tests.jobs.conftest import RecordedRun


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
