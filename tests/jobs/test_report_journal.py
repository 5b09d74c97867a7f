"""The journal as a report reads it: each line once, whatever it holds."""

from pathlib import Path

import msgspec

from batcher.jobs.report_journal import ReportedResults
from batcher.storage.run_directory import RunDirectory
from tests.conftest import change
from tests.jobs.conftest import RecordedRun
from tests.jobs.reported_runs import ChainedRun


def read(path: Path) -> tuple[ReportedResults, list[int]]:
    directory = RunDirectory(path)
    found = ReportedResults(directory, directory.read_manifest(), None)
    return found, [each.line for each in found]


def test_a_second_result_of_a_line_and_one_of_no_line_are_no_results(tmp_path: Path) -> None:
    run = ChainedRun(tmp_path, [change(0), change(1)])
    first, second = run.add(1, "succeeded"), run.add(2, "failed", "C")
    beyond = msgspec.structs.replace(first, line=2**50)
    run.results += [msgspec.structs.replace(second, status="in_doubt"), beyond]
    found, lines = read(run.write(summary=False))
    assert (lines, found.duplicates, found.head.lines) == ([1, 2], 1, 4)
    assert "line 3 is of line 2, which has more than one result" in str(found.damage)
    assert found.proved_by == "chain"
    assert "4 lines" in repr(found)


def test_lines_from_before_they_were_chained_are_proved_by_nothing(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1)])
    run.add(1, "succeeded")
    run.add(2, "succeeded")
    path = run.write()
    found, lines = read(path)
    assert (lines, found.proved_by, found.unproved) == ([1, 2], "nothing", 2)
    run.directory.results.write_bytes(run.directory.results.read_bytes() + b"[]\n{}\n")
    found, lines = read(path)
    assert lines == [1, 2]
    assert "line 3 is not a result" in str(found.damage)


def test_what_came_after_the_head_was_written_is_proved_by_its_chain(tmp_path: Path) -> None:
    run = ChainedRun(tmp_path, [change(number) for number in range(3)])
    run.add(1, "succeeded")
    path = run.write()
    run.add(2, "succeeded")
    *_, line = run.lines()
    with run.directory.results.open("ab") as file:
        file.write(line + b'{"id":"3","li')  # a run under way, killed in the middle of a line
    found, lines = read(path)
    assert (lines, found.damage, found.proved_by) == ([1, 2], None, "run.json")
    assert found.head.lines == 2
