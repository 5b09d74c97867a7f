"""What ``doctor`` found, in words and as JSON: the same, whatever stands in it."""

import json

import pytest

from batcher.cli.output.diagnosis import diagnosis_json, diagnosis_lines, print_diagnosis
from batcher.jobs.diagnosis import Diagnosis, Told
from batcher.jobs.doctor import WITHOUT_TARGET

POLICY = {"Version": "2012-10-17", "Statement": [{"Action": ["profile:ListDomains"]}]}


def some() -> Diagnosis:
    host, target = Told("host"), Told("target a")
    host.warn("disk", "little is free.", "Make room there.")
    target.fault("Region", "there is none. " + "long " * 40, "Give --region.")
    target.untested("clock", "nothing answered.")
    return Diagnosis(checks=(*host.checks, *target.checks), missing={"target a": POLICY})


def test_what_to_mend_comes_after_all_checks_and_the_policy_last() -> None:
    lines = list(diagnosis_lines(some()))
    assert lines[:2] == ["host:", "  warning    disk: little is free."]
    assert "  not tested clock: nothing answered." in lines
    mend = lines.index("To mend, in this order:")
    assert lines[mend + 1].startswith("  1. target a, Region: there is none.")
    assert any(line.startswith("  2. host, disk: ") for line in lines[mend:])
    assert json.loads("".join(lines[lines.index("{") :])) == POLICY
    assert max(map(len, lines)) <= 80


def test_of_many_targets_what_is_well_is_a_row_and_faults_are_told_by_their_cause() -> None:
    (default := Told("target default")).untested(WITHOUT_TARGET, "has no table.")
    told = []
    for count in range(120):
        each = Told(f"target shop{count:03}")
        each.ok("Region", "eu-west-1.")
        if count in (7, 9):
            seen = f"arn:aws:iam::{count:012}:role/x may not be assumed."
            each.fault("credentials", seen, "Check the role.")
        told.append(each)
    told[3].fault("endpoint", "away.", "Bring it back.")
    missing = {f"target shop00{count}": POLICY for count in (7, 9)}
    checks = tuple(each for of in [default, *told] for each in of.checks)
    diagnosis = Diagnosis(checks=checks, missing=missing)
    lines = list(diagnosis_lines(diagnosis))
    text = " ".join(" ".join(lines).split())
    assert lines[2:4] == ["120 targets:", "  ok         117 targets: nothing amiss."]
    assert text.count("fault target shop003: endpoint: away.") == 1
    assert text.count("fault 2 targets (shop007, shop009): credentials, of the first: arn") == 1
    assert "2. 2 targets (shop007, shop009)" in text
    assert text.count('"Version"') == 1
    assert "to target shop007 (and, in its own account and Region, to 1 more):" in text
    assert len(lines) < 30
    assert len(diagnosis_json(diagnosis)["checks"]) == 124


def test_nothing_to_mend_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    fine = Told("host")
    fine.ok("versions", "they are.\x1b[2J")
    diagnosis = Diagnosis(checks=tuple(fine.checks), missing={})
    print_diagnosis(diagnosis, as_json=False)
    said = capsys.readouterr().out
    assert said.endswith("\n\nNothing to mend.\n")
    assert "\x1b" not in said
    print_diagnosis(diagnosis, as_json=True)
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(diagnosis_json(diagnosis)))
    assert diagnosis_json(diagnosis)["ok"] is True
