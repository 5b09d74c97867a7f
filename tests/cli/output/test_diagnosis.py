"""What ``doctor`` found, in words and as JSON: the same, whatever stands in it."""

import json

from batcher.cli.output.diagnosis import diagnosis_json, diagnosis_lines, print_diagnosis
from batcher.jobs.diagnosis import Diagnosis, Told

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


def test_nothing_to_mend_is_said(capsys) -> None:
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
