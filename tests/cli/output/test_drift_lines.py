"""Drift as people see it: alike changes together, sensitive members hidden, nothing steers."""

import json

import pytest

from batcher.cli.output.drift_lines import print_drift
from batcher.jobs.drift_base import DriftBase
from batcher.jobs.drift_report import Drifted, DriftedTrigger, DriftReport
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Error
from batcher.triggers.diff import Change
from batcher.triggers.drift import BaseTrigger
from tests.updates.samples import MODEL

SEGMENT = Change(path="SegmentFilter", before="a", after="b\x1b[31m")
SECRET = Change(path="Description", before="SECRET-1", after="SECRET-2")


def drifted(number: int, outcome: Drifted, *changes: Change, code: str = "") -> DriftedTrigger:
    error = Error(code=code, message="m") if code else None
    name = f"t{number}"
    return DriftedTrigger(
        target="eu", domain="acme", trigger=name, outcome=outcome, changes=[*changes], error=error
    )


def shown(
    capsys: pytest.CaptureFixture[str], found: list[DriftedTrigger], *, as_json: bool = False
) -> tuple[str, str]:
    key = TriggerKey("eu", "acme", "t0")
    base = DriftBase(triggers={key: BaseTrigger(members={}, complete=True)})
    report = DriftReport(base=30, held=30, same=2, read=28, drifted=found)
    print_drift("b.jsonl", base, report, [], hidden=MODEL.sensitive, as_json=as_json)
    out, err = capsys.readouterr()
    assert "SECRET" not in out + err
    assert "\x1b" not in out + err
    return out, err


def test_alike_changes_are_told_once_with_the_names_and_what_is_sensitive_is_hidden(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = [drifted(number, "changed", SEGMENT, SECRET) for number in range(10)]
    one, gone = drifted(10, "changed", SECRET), drifted(11, "gone", code="NotFound")
    _, err = shown(capsys, [*many, one, gone, drifted(12, "new")])
    lines = err.splitlines()
    assert lines[:7] == [
        "Changed since: 11",
        "  10 triggers: acme/t0, acme/t1, acme/t2, acme/t3, acme/t4, acme/t5, acme/t6, acme/t7"
        " and 2 more (--json names all)",
        '    ~ SegmentFilter: "a" → "b\\u001b[31m"',
        "    ~ Description: [hidden]",
        "  acme/t10",
        "    ~ Description: [hidden]",
        "Gone, or not yours to see: 1",
    ]
    assert "11 changed, 1 gone, 1 new." in err
    assert "batcher plan b.jsonl --create-missing" in err


def test_hidden_changes_that_differ_are_not_told_as_the_same_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = Change(path="Description", before="SECRET", after="SECRET-too")
    _, err = shown(capsys, [drifted(0, "changed", SECRET), drifted(1, "changed", other)])
    assert err.splitlines()[1:5] == [
        "  acme/t0",
        "    ~ Description: [hidden]",
        "  acme/t1",
        "    ~ Description: [hidden]",
    ]


def test_json_names_each_with_its_changes(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = shown(capsys, [drifted(1, "changed", SEGMENT, SECRET)], as_json=True)
    found = json.loads(out)
    (only,) = found["triggers"]
    assert only["changes"][0] == {"path": "SegmentFilter", "before": "a", "after": "b\x1b[31m"}
    assert only["changes"][1]["after"] == "[hidden]"
    assert found["summary"]["changed"] == 1


def test_what_is_held_in_part_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    part = BaseTrigger(members={"SegmentFilter": "a"}, complete=False)
    base = DriftBase(triggers={TriggerKey("eu", "acme", "t0"): part}, run="/x.run", unheld=2)
    report = DriftReport(base=1, held=1, same=1, read=1)
    print_drift("x.run", base, report, [], hidden=MODEL.sensitive, as_json=False)
    err = capsys.readouterr().err
    assert "Of 1 trigger only the members that the run's updates set are held" in err
    assert "Not held: 2 updates" in err


def test_what_can_not_be_told_has_its_reason_and_is_no_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, err = shown(capsys, [drifted(1, "unreadable", code="Oops")])
    assert "  acme/t1: Oops: m" in err
    assert "no proof" in err
    assert "No drift" not in err
