"""Who and why, where the time went, and what lint found, as a report has them."""

from pathlib import Path

import msgspec
import pytest

from batcher.accounting.time_spent import NO_TIME, NOTHING_SPENT
from batcher.jobs.report_facts import lint_section, quota_savings, run_facts, time_shares
from batcher.jobs.report_standing import Standing
from batcher.records import Seconds, SelectedPart
from batcher.storage.run_manifest import RecordedLint
from batcher.storage.run_sessions import RunSession
from batcher.triggers.lint.codes import LINT_CODES
from tests.conftest import change
from tests.jobs.conftest import RecordedRun

STANDING = Standing(state="finished", text="All.")


def test_reason_and_labels_are_those_of_the_last_session(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0)])
    sessions = [
        RunSession(session="a", started_at="1", who={"default": "arn:a"}, reason="old"),
        RunSession(
            session="b", started_at="2", who={}, reason="CHG-1", labels={"team": "x"}, unseen=True
        ),
    ]
    facts = msgspec.structs.replace(run.facts, sessions=sessions)
    part = SelectedPart(by="--only a", left_out=1200, of=4800)
    found = run_facts(run.directory, facts, None, STANDING, NOTHING_SPENT, part)
    assert (found.reason, found.labels) == ("CHG-1", {"team": "x"})
    assert [each.who for each in found.sessions] == [{"default": "arn:a"}, {}]
    assert found.selection == "--only a leaves out 1,200 of 4,800 updates"
    assert found.finished_at is None, "no summary says when"


def test_findings_come_by_severity_and_codes_that_nobody_knows_are_left_out(
    tmp_path: Path,
) -> None:
    run = RecordedRun(tmp_path, [change(0)])
    assert lint_section(run.facts) is None
    codes = dict.fromkeys(LINT_CODES, 2) | {"XX999": 1}
    lint = RecordedLint(updates=7, codes=codes)
    found = lint_section(msgspec.structs.replace(run.facts, lint=lint))
    assert found is not None
    assert (found.updates, len(found.findings)) == (7, len(LINT_CODES))
    severities = [each.severity for each in found.findings]
    order = ["error", "warning", "info"]
    assert severities == sorted(severities, key=order.index)


@pytest.mark.parametrize(
    ("held_by_pace", "text", "below"),
    [
        (1.0, "waiting for the quota", None),
        (24.0, "waiting for the quota, or at a pace below it", 24.0),
        (99.0, "waiting at a pace below the quota", None),
    ],
)
def test_what_was_at_a_lower_pace_is_a_number_beside_the_words(
    held_by_pace: float, text: str, below: float | None
) -> None:
    spent = msgspec.structs.replace(
        NO_TIME, wall_seconds=100.0, seconds=Seconds(token=100.0), held_by_pace=held_by_pace
    )
    first, *others = time_shares(spent)
    assert (first.cause, first.text, first.below) == ("token", text, below)
    assert {each.below for each in others} == {None}


def test_of_no_time_no_share_is_told() -> None:
    assert {each.share for each in time_shares(NO_TIME)} == {0.0}
    assert [each.wall_seconds for each in quota_savings(NO_TIME)] == [0.0, 0.0]
