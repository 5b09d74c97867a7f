"""What lint finds, for people and as JSON: short, countable, and no secret in it."""

import json

import pytest

from batcher.cli.output.error_report import report_of
from batcher.cli.output.findings import (
    COLUMNS,
    SHOWN_OF_A_CODE,
    FindingJson,
    FindingText,
    counts_text,
)
from batcher.cli.output.violations import ViolationPrinter
from batcher.jobs.line_linter import LintCounts
from batcher.records import Update
from batcher.triggers.lint.finding import Finding
from batcher.triggers.lint.line_rules import SET_TWICE
from tests.updates.samples import MODEL, SECRET

HOSTILE = "a\x1b[31m\r\n::error::\u202e{0}%,"
PATH = ("EventTriggerConditions", 0, "EventTriggerDimensions", 1, "ObjectAttributes", 2, "Values")


def found(line: int = 3, secret: str = SECRET) -> tuple[Update, Finding]:
    """A finding with a secret in it, in the line of a trigger of a hostile name."""
    names = {"DomainName": "acme", "EventTriggerName": HOSTILE}
    update = Update(id=str(line), line=line, target="main", request=names)
    said = "compares {} with a number, which none of the events that come in can ever be equal to"
    return update, Finding(code=SET_TWICE, path=PATH, message=said, values=(secret,))


def counts(**codes: int) -> LintCounts:
    return LintCounts(total=4800, codes=codes, untouched=2, unread=0)


def test_people_see_the_line_the_place_and_the_first_ones_of_each_code_in_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer = FindingText(MODEL.sensitive, ViolationPrinter(as_json=False))
    for line in range(1, 50):
        printer.add(*found(line))
    printer.finish(counts(BT101=49))
    out, err = capsys.readouterr()
    told = err.splitlines()
    assert out == ""
    assert told[0].startswith(r"line 1: acme/a\u001b[31m\u000d\u000a::error::\u202e{0}%,")
    assert sum("BT101 warning: compares [hidden]" in line for line in told) == SHOWN_OF_A_CODE
    assert all(len(line) <= COLUMNS for line in told if not line.startswith("    at "))
    assert SECRET not in err
    assert "[hidden]" in err
    assert told[-5:] == [
        "BT101 warning: 49 (10 of them shown): Two lines set one member of a trigger to",
        "    different things",
        "Left out: 2 faults of members that no line sets; they were there before.",
        "4,800 updates: 49 warnings.",
        "What a code means: batcher explain BT101",
    ]


@pytest.mark.parametrize("number", [0, 1, 3])
def test_json_has_all_of_them_and_the_counts(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    printer = FindingJson(MODEL.sensitive, ViolationPrinter(as_json=True))
    for line in range(number):
        printer.add(*found(line))
    printer.finish(counts(BT101=number))
    out = capsys.readouterr().out
    assert out.isascii()
    told = json.loads(out)
    assert len(told["findings"]) == told["warnings"] == number
    assert all(each["trigger"] == HOSTILE for each in told["findings"])
    assert SECRET not in out
    assert (told["total"], told["untouched"], told["codes"]) == (4800, 2, {"BT101": number})


def test_json_that_is_broken_off_is_whole_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    printer = FindingJson(frozenset(), ViolationPrinter(as_json=True))
    assert not printer.break_off(report_of(KeyboardInterrupt()))
    printer.add(*found())
    assert printer.break_off(report_of(KeyboardInterrupt()))
    told = json.loads(capsys.readouterr().out)
    assert (told["error"], "errors" in told) == ("interrupted", False)
    assert SECRET in told["findings"][0]["message"]


def test_counts_are_told_by_severity() -> None:
    assert counts_text(counts(BT101=1, BT102=3, BT000=1200)) == "1,200 errors, 1 warning, 3 info"
    assert counts_text(counts()) == "nothing found"
