"""Journals are rewritten so that a kill at any file operation leaves books that can be gone on."""

import shutil
from pathlib import Path

import msgspec
import pytest

from batcher.config import Settings
from batcher.jobs.rewrite import close_books, is_half_rewritten, rewrite_results, write_chained
from batcher.jobs.run_audit import audit_run
from batcher.jobs.run_reader import RunReader
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.hash_chain import split
from batcher.storage.journal_reader import JournalReader
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, records
from tests.jobs.conftest import RecordedRun
from tests.kill_points import kill_points

OLD, NEW = "in_doubt", "succeeded"


@pytest.fixture
def recorded(tmp_path: Path) -> RecordedRun:
    """A run of five updates, two of them in doubt, with all its files."""
    run = RecordedRun(tmp_path, [change(number) for number in range(5)])
    for line in range(1, 6):
        run.add(line, OLD if line % 2 else NEW, "ReadTimeoutError" if line % 2 else None)
    run.write()
    tidy(run)
    return run


def tidy(recorded: RecordedRun) -> None:
    run = reader_of(recorded)
    with run.directory:
        close_books(run)


def reader_of(recorded: RecordedRun) -> RunReader:
    return RunReader(recorded.path, line_reader(Settings(), any_target=True))


def settled(run: RunReader) -> list[bytes]:
    """The results with none in doubt."""
    return [split(line)[0].replace(OLD.encode(), NEW.encode()) for _, line in _lines(run)]


def _lines(run: RunReader) -> list[tuple[int, bytes]]:
    return list(run.journals.results.lines())


def rewrite(recorded: RecordedRun) -> None:
    run = reader_of(recorded)
    with run.directory:
        rewrite_results(run, settled(run))


def test_what_is_made_from_the_results_goes_with_them(recorded: RecordedRun) -> None:
    rewrite(recorded)
    run = reader_of(recorded)
    assert {result.status for result in run.results()} == {NEW}
    assert not (recorded.path / "failed.jsonl").exists()
    summary = run.directory.read_summary()
    assert summary is not None
    assert (summary.succeeded, summary.in_doubt, summary.errors) == (5, 0, {"ReadTimeoutError": 3})
    assert audit_run(run).wrong.count == 0
    assert not is_half_rewritten(run.journals.known)
    assert [path.name for path in recorded.path.iterdir() if path.name.startswith(".")] == []


def test_killed_at_any_operation_it_leaves_the_old_or_the_new_results_and_can_be_done_again(
    recorded: RecordedRun, tmp_path: Path
) -> None:
    shutil.copytree(recorded.path, tmp_path / "as it was")
    seen, points = set(), 0
    for point in kill_points(lambda: rewrite(recorded)):
        points = point
        run = reader_of(recorded)
        statuses = {result.status for result in run.results()}
        assert statuses in ({OLD, NEW}, {NEW}), point
        seen.add(len(statuses))
        if is_half_rewritten(run.journals.known):
            tidy(recorded)
        assert audit_run(reader_of(recorded)).wrong.count == 0, point
        rewrite(recorded)
        assert {result.status for result in reader_of(recorded).results()} == {NEW}
        assert audit_run(reader_of(recorded)).wrong.count == 0, point
        shutil.rmtree(recorded.path)
        shutil.copytree(tmp_path / "as it was", recorded.path)
    assert (seen, points > 15) == ({1, 2}, True)


def test_lines_that_are_written_anew_are_a_journal_of_their_own(tmp_path: Path) -> None:
    path, lines = tmp_path / "x.jsonl", [b'{"a":1}', b'{"b":2}']
    with AtomicFile(path) as file:
        head = write_chained(file, lines)
        file.commit()
    assert [split(line)[0] for _, line in JournalReader(path, head).lines()] == lines
    assert JournalReader(path).tip().head() == head


def test_a_summary_that_was_never_written_is_not_made_up(recorded: RecordedRun) -> None:
    (recorded.path / "summary.json").unlink()
    rewrite(recorded)
    assert not (recorded.path / "summary.json").exists()
    assert [each["status"] for each in records(recorded.path / "results.jsonl")] == [NEW] * 5


def test_the_rest_of_the_manifest_stays_as_it_is(recorded: RecordedRun) -> None:
    path = recorded.path / "run.json"
    before = msgspec.json.decode(path.read_bytes()) | {"of a later version": [1]}
    path.write_bytes(msgspec.json.encode(before))
    rewrite(recorded)
    after = msgspec.json.decode(path.read_bytes())
    assert after.pop("heads") != before.pop("heads")
    assert after == before
