"""What is told of a run's end beside its sums, read from its directory as far as that can be."""

from pathlib import Path

from batcher.jobs.run_ending import NAMED, RunEnding
from batcher.records import Error, Seconds, Summary
from batcher.storage.run_directory import RunDirectory
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


def test_the_first_failures_are_found_by_severity_and_line_and_what_it_is_a_run_of(
    tmp_path: Path,
) -> None:
    run = RecordedRun(
        tmp_path, [change(number) for number in range(9)], parent=tmp_path / "was.run"
    )
    run.add(1, "stale", "Stale")
    for line in (8, 3, 7, 2):
        run.add(line, "failed", "Boom")
    run.add(5, "in_doubt", "Lost")
    run.add(4, "succeeded")
    (directory := RunDirectory(run.write())).before.write_bytes(b"{}\n")
    assert not RunEnding.of(directory, Summary(wall_seconds=0, rate=0, seconds=Seconds())).failures
    summary = directory.read_summary()
    assert summary is not None
    found = RunEnding.of(directory, summary)
    assert [each.line for each in found.failures] == [2, 3, 7, 8, 5]
    assert len(found.failures) == NAMED
    assert found.failures[0].error == Error(code="Boom", message="m")
    assert (found.kind, found.parent, found.images) == ("run", str(tmp_path / "was.run"), True)
    assert not found.failed_lines
    assert found.input == str(tmp_path / "updates.jsonl")


def test_of_a_directory_that_is_gone_or_damaged_nothing_is_told(tmp_path: Path) -> None:
    summary = Summary(wall_seconds=0.0, rate=0.0, seconds=Seconds(), total=1, failed=1)
    assert RunEnding.of(RunDirectory(tmp_path / "gone.run"), summary) == RunEnding()
    run = RecordedRun(tmp_path, [change(0)])
    run.add(1, "failed", "Boom")
    directory = RunDirectory(run.write())
    directory.results.write_bytes(b"not as it was\n")
    assert RunEnding.of(directory, summary) == RunEnding()


def test_a_run_that_follows_another_tells_where_it_was_and_whether_by_tables(
    tmp_path: Path,
) -> None:
    said = {"region": "eu-west-1", "profile": "p", "rate": 5, "targets": {"a": {}}}
    summary = Summary(wall_seconds=0.0, rate=0.0, seconds=Seconds(), total=1)
    for kind, place in (("retry", {"--region": "eu-west-1", "--profile": "p"}), ("run", {})):
        run = RecordedRun(tmp_path / kind, [change(0)], settings=said, kind=kind)
        found = RunEnding.of(RunDirectory(run.write()), summary)
        assert (found.place, found.has_tables) == (place, bool(place))
