"""The content of a report: right for every kind of run directory, and it says what is not known."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from batcher.accounting.time_spent import NO_TIME, RunTimeSpent
from batcher.config import Settings
from batcher.errors import DamageError, RunDirectoryError
from batcher.jobs.report import RunReporter
from batcher.jobs.run_audit import audit_run
from batcher.jobs.run_reader import RunReader
from batcher.records import Seconds
from batcher.report.run_report import RunReport
from batcher.storage.run_directory import RunDirectory
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun
from tests.jobs.killed_run import killed_run
from tests.jobs.reported_runs import ChainedRun, mixed_run


def report(path: Path) -> RunReport:
    return RunReporter(path).report()


def test_every_line_is_counted_once_and_failures_say_what_to_do(tmp_path: Path) -> None:
    path = mixed_run(tmp_path).write()
    found = report(path)
    accounts = found.accounts
    assert (accounts.total, accounts.results, accounts.duplicates) == (6, 5, 0)
    assert accounts.balanced
    assert {name: count for name, count in accounts.outcomes.items() if count} == {
        "succeeded": 2,
        "failed": 2,
        "in_doubt": 1,
        "not_started": 1,
    }
    assert sum(accounts.outcomes.values()) == accounts.total
    head = RunDirectory(path).read_manifest().heads
    assert head is not None
    assert (accounts.chain, accounts.sha256) == (head.results.chain, head.results.sha256)
    assert (accounts.proved_by, accounts.unproved) == ("run.json", 0)
    missing, doubt = found.failures
    assert (missing.code, missing.count) == ("ResourceNotFoundException", 2)
    assert [each.line for each in missing.examples] == [2, 3]
    assert missing.command == "batcher export --domain acme"
    assert doubt.command == f"batcher verify {path} --in-doubt-only"
    assert [each.line for each in found.slowest] == [1, 2, 3, 4, 6]
    assert found.timeline is not None
    assert not found.timeline.measured
    assert sum(each.results for each in found.timeline.buckets) == 5
    assert found.latency is not None
    assert found.latency.p50 == pytest.approx(0.5, rel=0.05)
    assert msgspec.json.decode(msgspec.json.encode(found), type=RunReport) == found


@pytest.mark.parametrize(
    ("damage", "kept", "said"),
    [
        (lambda lines: [lines[0], lines[1].replace(b'"m"', b'"n"'), *lines[2:]], 1, "line 2"),
        (lambda lines: [lines[0], *lines[2:]], 1, "line 2"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 1, "line 2"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 1, "line 2"),
        (lambda lines: lines[:-1], 4, "ends after line 4"),
        (lambda lines: [*lines, b"{}\n"], 5, "line 6"),
        (lambda _: [], 0, "ends after line 0"),
    ],
    ids=["edited", "removed", "doubled", "swapped", "cut off", "added", "emptied"],
)
def test_of_a_damaged_journal_it_says_where_and_goes_as_far_as_that(
    tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]], kept: int, said: str
) -> None:
    run = mixed_run(tmp_path)
    path = run.write()
    lines = run.directory.results.read_bytes().splitlines(keepends=True)
    run.directory.results.write_bytes(b"".join(damage(lines)))
    with pytest.raises(DamageError, match=said):  # as verify does
        audit_run(RunReader(path, line_reader(Settings(), any_target=True)))
    found = report(path)
    assert said in str(found.accounts.damage), found.accounts.damage
    assert "--repair" not in str(found.accounts.damage)
    assert (found.accounts.results, found.accounts.balanced) == (kept, False)
    assert found.accounts.proved_by == "chain"
    assert sum(found.accounts.outcomes.values()) == 6


def test_an_invalid_line_counts_once_whichever_target_its_result_has(tmp_path: Path) -> None:
    targets = ["eu", "typo", "eu", "other", "eu"]
    run = RecordedRun(tmp_path, [change(n, target=name) for n, name in enumerate(targets)])
    run.add(1, "succeeded")
    for line in (2, 3, 4):
        result = run.add(line, "invalid", "Invalid")
        run.results[-1] = msgspec.structs.replace(result, target="default", trigger=None)
    found = report(run.write())
    assert (found.accounts.total, found.accounts.outcomes["not_started"]) == (5, 1)
    assert {each.name: each.total for each in found.targets} == {"default": 3, "eu": 2}


def test_a_run_of_an_older_version_is_told_as_far_as_it_is_known(tmp_path: Path) -> None:
    path = mixed_run(tmp_path, RecordedRun).write()
    found = report(path)
    assert (found.accounts.proved_by, found.accounts.unproved) == ("nothing", 5)
    assert found.accounts.balanced
    assert [saving.seconds for saving in found.quota_savings] == [0.0, None]
    assert found.facts.wall_seconds == 1.0
    assert found.lint is None
    notes = " ".join(found.notes)
    for unknown in ("No quota is drawn", "each request was answered", "lint finds"):
        assert unknown in notes


def test_without_its_input_a_run_is_told_and_that_it_was_not_held_against_it(
    tmp_path: Path,
) -> None:
    run = mixed_run(tmp_path)
    path = run.write()
    (tmp_path / "updates.jsonl").write_text("{}")
    reporter = RunReporter(path)
    found = reporter.report()
    assert (found.accounts.total, found.accounts.outcomes["not_started"]) == (6, 1)
    assert "not held against the lines of the input" in found.notes[0]
    assert list(reporter.not_started()) == [(0, None)]
    whole = mixed_run(tmp_path)
    reporter = RunReporter(whole.write(summary=False))
    reporter.report()
    assert [line for line, _ in reporter.not_started()] == [5]
    assert [each.line for each in reporter.results()] == [1, 3, 2, 4, 6]


def test_time_of_all_sessions_is_shared_out_by_cause_and_more_quota_is_told(
    tmp_path: Path,
) -> None:
    run = ChainedRun(tmp_path, [change(0)])
    run.add(1, "succeeded")
    spent = msgspec.structs.replace(
        NO_TIME,
        wall_seconds=10.0,
        answered=20,
        seconds=Seconds(token=8, calling=2),
        double_quota_saves=5.0,
        fivefold_quota_saves=8.0,
    )
    run.facts = msgspec.structs.replace(run.facts, spent=RunTimeSpent(run=spent, targets={}))
    found = report(run.write())
    assert [(each.cause, each.share) for each in found.time_spent[:2]] == [
        ("token", 0.8),
        ("calling", 0.2),
    ]
    assert [(each.times, each.wall_seconds) for each in found.quota_savings] == [(2, 5.0), (5, 2.0)]
    assert found.accounts.rate == found.targets[0].rate == 2.0


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"no run\.json"):
        RunReporter(tmp_path)


def test_a_report_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    def enough() -> None:
        raise TimeoutError

    run = ChainedRun(tmp_path, [change(0)] * 2000)
    for line in range(1, 2001):
        run.add(line, "succeeded")
    with pytest.raises(TimeoutError):
        RunReporter(run.write(), enough).report()


def test_of_a_run_that_was_killed_what_may_have_been_sent_is_counted_and_named(
    tmp_path: Path,
) -> None:
    run = killed_run(tmp_path, [change(n) for n in range(9)], done=[1, 2], begun=[4, 7])
    found = report(run.path)
    assert found.maybe_sent is not None
    assert (found.maybe_sent.updates, found.maybe_sent.more) == (2, 0)
    assert [(each.line, each.trigger) for each in found.maybe_sent.first] == [(4, "t3"), (7, "t6")]
    assert found.maybe_sent.text.startswith(
        "7 updates have no result; up to 2 of them may have been changed: those that have a before"
    )
    assert [each.maybe_sent for each in found.targets] == [2]
    again, look, *_ = found.next_steps
    assert "To go on" in again.text
    assert str(look.command).endswith("--in-doubt-only")


@pytest.mark.parametrize("looked", [True, False])
def test_an_input_that_goes_while_its_report_is_made_is_told_and_ends_no_report(
    tmp_path: Path, looked: bool
) -> None:
    run = killed_run(tmp_path, [change(n) for n in range(4)], done=[1], begun=[2], looked=looked)
    reporter = RunReporter(run.path)
    (tmp_path / "updates.jsonl").unlink()
    found = reporter.report()
    assert (found.maybe_sent, found.accounts.outcomes["not_started"]) == (None, 3)
    assert any("Which updates without a result may have been sent" in each for each in found.notes)


def test_what_failed_and_may_have_been_applied_is_counted_with_its_kind(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(n) for n in range(3)])
    for line, maybe in ((1, True), (2, False), (3, True)):
        failed = run.add(line, "failed", "AccessDeniedException")
        run.results[-1] = msgspec.structs.replace(failed, attempts=2, maybe_applied=maybe)
    found = report(run.write())
    (group,) = found.failures
    assert (found.accounts.maybe_applied, group.maybe_applied) == (2, 2)
    assert group.to_do.startswith("Which of them were applied all the same verify tells")
    assert str(found.next_steps[0].command).endswith("--in-doubt-only")
