"""What is wrong with a file, as told: the first lines for people, all of them as JSON."""

import json

import pytest

from batcher.cli.output.violations import SHOWN, ViolationPrinter
from batcher.updates.violations import Violation

WRONG = Violation(path="SegmentFilter", message="too short")


def test_the_first_ones_are_shown_and_the_others_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer = ViolationPrinter(as_json=False)
    for line in range(1, SHOWN + 3):
        printer.add(line, WRONG)
    printer.finish(valid=False)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, len(lines)) == ("", SHOWN + 1)
    assert (lines[0], lines[-1]) == ("line 1: SegmentFilter: too short", "… and 2 more")


@pytest.mark.parametrize("count", [0, 1, 2, SHOWN + 3])
def test_the_json_is_whole_and_has_all_of_them(
    capsys: pytest.CaptureFixture[str], count: int
) -> None:
    printer = ViolationPrinter(as_json=True)
    for line in range(count):
        printer.add(line, WRONG)
    printer.finish(valid=False, total=count)
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["total"]) == (False, count)
    assert found["faults"] == [
        {"line": line, "path": "SegmentFilter", "message": "too short"} for line in range(count)
    ]
