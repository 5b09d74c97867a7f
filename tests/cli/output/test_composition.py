"""What is said of a composition: what was meant, what changed, what was left alone and why."""

import msgspec
import pytest

from batcher.cli.output.composition import SHOWN, BlockedPrinter, composition_lines
from batcher.jobs.compose import Composition
from batcher.triggers.edits import remove_edit, set_edit
from tests.updates.samples import MODEL

EDITS = (
    remove_edit('EventTriggerLimits.Periods={"Unit":"DAYS"}', MODEL.schema),
    set_edit("SegmentFilter=vip", MODEL.schema),
)
NONE = Composition(
    total=0, left_out=0, unmatched=0, changed=0, unchanged=0, blocked=0, invalid=0, idle=[]
)


def test_the_counts_add_up_in_words() -> None:
    found = Composition(
        total=5000,
        left_out=10,
        unmatched=3790,
        changed=1100,
        unchanged=98,
        blocked=2,
        invalid=0,
        idle=[12, 0],
    )
    assert list(composition_lines(found, EDITS, rows=False, wish=True)) == [
        "5,000 triggers: 1,200 matched, 1,100 changed; left alone: 10 not selected, 3,790 not"
        " matched by --where, 98 already so, 2 can't be so.",
        "  --remove EventTriggerLimits.Periods: found nothing to change in 12 of them.",
    ]
    assert list(composition_lines(NONE, (), rows=False, wish=False))[1].startswith(
        "  No change was as"
    )
    assert list(composition_lines(found, EDITS, rows=True, wish=True))[-1].endswith(" 1,198 rows.")
    part = msgspec.structs.replace(NONE, partial=frozenset({"EventTriggerLimits"}))
    said = list(composition_lines(part, (), rows=False, wish=True))[-1]
    assert said.startswith("  EventTriggerLimits: an update replaces it whole")
    kept = msgspec.structs.replace(NONE, kept={"SegmentFilter": 2})
    said = list(composition_lines(kept, (), rows=False, wish=True))[-1]
    assert said == "  SegmentFilter: empty in 2 rows, and set in the trigger: there it stays."


def test_of_those_that_can_not_be_so_the_first_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer = BlockedPrinter("row")
    for row in range(SHOWN + 3):
        printer.add(row, "no \x1b[2J way")
    printer.finish()
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("row 0: left alone: no ")
    assert "\x1b" not in said[0]
    assert (len(said), said[-1]) == (SHOWN + 1, "… and 3 more")
