"""What of a trigger is told beside what it is now: what an update touches or brings about."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.current_linter import AT_ONCE, CurrentLinter
from batcher.jobs.line_linter import LineLinter, repeated_members, trigger_repetitions
from batcher.triggers.lint.finding import Definition, Finding, LintContext
from batcher.triggers.lint.line_rules import CHANGES_NOTHING
from batcher.triggers.lint.linter import DefinitionLinter
from tests.conftest import trigger
from tests.jobs.test_line_linter import checked

CODE = msgspec.structs.replace(CHANGES_NOTHING, severity="error")


def no_vips(definition: Definition, context: LintContext) -> Iterator[Finding]:
    """A rule of this test's own, of a member and of the whole definition."""
    assert context.whole
    if definition.get("SegmentFilter") == "vip":
        yield Finding(code=CODE, path=("SegmentFilter",), message="is vip")
        yield Finding(code=CODE, message="reaches nobody else")


def beside_export(file: CheckedFile, linter: LineLinter, folder: Path) -> CurrentLinter:
    repeated = trigger_repetitions(file)
    members = repeated_members(file, repeated)
    return CurrentLinter(file, linter, repeated, members, str(folder / "export.jsonl"))


@pytest.mark.parametrize(
    ("now", "sets", "told", "left_out"),
    [
        ("vip", {"Description": "d"}, [], 2),  # faults of before, in another member
        ("vip", {"SegmentFilter": "vip", "Description": "d"}, ["SegmentFilter"], 1),
        ("all", {"SegmentFilter": "vip"}, ["SegmentFilter", ""], 0),  # it brings both about
        ("vip", {"SegmentFilter": "all"}, [], 0),
    ],
)
async def test_a_fault_that_was_there_before_is_told_where_the_line_sets_its_member_only(
    now, sets, told, left_out: int, tmp_path: Path
) -> None:
    current = trigger(1) | {"SegmentFilter": now}
    (tmp_path / "export.jsonl").write_bytes(msgspec.json.encode(current))
    found, definitions = [], DefinitionLinter([no_vips], [])
    linter = LineLinter(Settings(), lambda _, finding: found.append(finding.where), definitions)
    file = checked(tmp_path, {"DomainName": "acme", "EventTriggerName": "t1", **sets})
    beside = beside_export(file, linter, tmp_path)
    await beside.lint()
    assert found == told
    assert beside.untouched == left_out


async def test_more_updates_than_are_held_at_a_time_go_on_from_what_was_made(
    tmp_path: Path,
) -> None:
    (tmp_path / "export.jsonl").write_bytes(msgspec.json.encode(trigger(1)))
    names = {"DomainName": "acme", "EventTriggerName": "t1"}
    lines = [{**names, "SegmentFilter": "vip"}, *([names] * AT_ONCE)]
    file = checked(tmp_path, *lines, {**names, "SegmentFilter": "vip"})
    linter = LineLinter(Settings())
    await beside_export(file, linter, tmp_path).lint()
    assert linter.counts().codes["BT104"] == 1
    assert linter.counts().codes["BT060"] == AT_ONCE
