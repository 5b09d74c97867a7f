"""The audit of a run's books: each way in which they can be wrong is told, and nothing else is."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import DamageError
from batcher.jobs.run_audit import SHOWN, Audit, Discrepancies, audit_run
from batcher.jobs.run_reader import RunReader
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return RecordedRun(tmp_path, [change(number) for number in range(3)])


def audited(path: Path) -> Audit:
    return audit_run(RunReader(path, line_reader(Settings(), any_target=True)))


def told(found: Discrepancies) -> list[tuple[int, str]]:
    return [(each.line, each.what) for each in found.first]


def test_right_books_are_counted_and_nothing_is_wrong(run: RecordedRun) -> None:
    run.add(1, "succeeded")
    run.add(3, "failed", "InternalServerException")
    found = audited(run.write())
    assert (found.counts, found.not_started) == ({"succeeded": 1, "failed": 1}, 1)
    assert (found.wrong.count, found.wrong.first) == (0, [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "line 4 is of line 1, which has more than one result"),
        ({"line": 9}, "line 4 is of line 9, which is not in the input"),
        ({"id": "2"}, "line 4 has another id than line 1"),
        ({"target": "b"}, "line 4 has the target of another line than 1"),
    ],
)
def test_results_that_can_not_be_of_the_run_are_damage_and_not_counted(
    run: RecordedRun, change: dict[str, Any], said: str
) -> None:
    for line in (1, 2, 3):
        run.add(line, "succeeded")
    run.write()
    run.results.append(msgspec.structs.replace(run.results[0], **change))
    with pytest.raises(DamageError, match=said):
        audited(run.write(summary=False))


def test_a_result_that_names_another_trigger_than_its_line_is_told(run: RecordedRun) -> None:
    for line in (1, 2, 3):
        run.add(line, "succeeded")
    run.results[1] = msgspec.structs.replace(run.results[1], trigger="t0")
    run.results[2] = msgspec.structs.replace(run.results[2], domain="other")
    assert told(audited(run.write()).wrong) == [
        (2, "has a result of another trigger"),
        (3, "has a result of another trigger"),
    ]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"succeeded": 2}, "summary.json says 2 succeeded, the results say 3"),
        ({"stale": 1}, "summary.json says 1 stale, the results say 0"),
        ({"not_started": 4}, "summary.json says 4 not_started, the results say 0"),
    ],
)
def test_a_summary_that_counts_otherwise_is_told(
    run: RecordedRun, said: dict[str, Any], wrong: str
) -> None:
    for line in (1, 2, 3):
        run.add(line, "succeeded")
    assert told(audited(run.write(**said)).wrong) == [(0, wrong)]


def test_a_run_without_a_summary_did_not_come_to_its_end(run: RecordedRun) -> None:
    run.add(1, "succeeded")
    ((line, what),) = told(audited(run.write(summary=False)).wrong)
    assert (line, "interrupted before its end; run the same command again" in what) == (0, True)


def test_all_discrepancies_are_counted_and_the_first_ones_kept() -> None:
    found = Discrepancies()
    for line in range(3 * SHOWN):
        found.add(line, "w")
    assert (found.count, [each.line for each in found.first]) == (3 * SHOWN, list(range(SHOWN)))
    assert Discrepancies().first == []
