"""Annotations of GitHub: read back as its runner reads them, they say what was said."""

import io
import re
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.cli.output.annotations import Annotations
from batcher.cli.output.error_report import report_of
from batcher.foreign_text import printable
from batcher.triggers.lint.finding import Finding
from batcher.triggers.lint.line_rules import SET_TWICE
from batcher.updates.violations import Violation
from tests.cli.output.test_findings import HOSTILE, counts, found
from tests.updates.samples import MODEL, SECRET

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def read(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner takes it apart."""
    kind, written, text = COMMAND.fullmatch(line).groups()
    members = dict(each.split("=", 1) for each in written.split(",")) if written else {}
    back = {"%3A": ":", "%2C": ",", "%0D": "\r", "%0A": "\n", "%25": "%"}
    for escaped, plain in back.items():
        text = text if escaped in ("%3A", "%2C") else text.replace(escaped, plain)
        members = {name: value.replace(escaped, plain) for name, value in members.items()}
    return kind, members, text


@given(origin=st.text(min_size=1).filter(lambda each: each != "-"))
def test_whatever_the_file_and_the_trigger_are_called_it_is_one_command(origin: str) -> None:
    with redirect_stdout(io.StringIO()) as out:
        Annotations(origin, MODEL.sensitive).add(*found())
    (line,) = out.getvalue().splitlines()
    kind, members, text = read(line)
    assert kind == "warning"
    assert members == {"file": printable(origin), "line": "3", "title": "BT101 set-twice"}
    assert text.startswith(f"acme/{printable(HOSTILE)}: EventTriggerConditions[0]")
    assert SECRET not in text


def test_of_standard_input_there_is_no_file_and_a_broken_rule_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer = Annotations("-", frozenset())
    printer.violation(7, Violation(path="SegmentFilter", message="too long: 100% of it"))
    printer.add(found()[0], Finding(code=SET_TWICE, message="said"))
    printer.finish(counts(BT101=1))
    assert not printer.break_off(report_of(KeyboardInterrupt()))
    out, err = capsys.readouterr()
    broken, other = out.splitlines()
    assert broken == "::error title=BT000 invalid-line::SegmentFilter: too long: 100%25 of it"
    assert read(other)[0] == "warning"
    assert err == "4,800 updates: 1 warning.\n"
