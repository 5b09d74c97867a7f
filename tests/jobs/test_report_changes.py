"""What a run changed, by the shape of the change, without what sensitive members hold."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from batcher.config import Settings
from batcher.jobs.report_changes import (
    EACH_ITS_OWN,
    NAMES,
    SHOWN,
    VARIANTS,
    change_groups,
    change_text,
)
from batcher.jobs.run_reader import RunReader
from batcher.report.run_report import PlanSection
from batcher.storage.hash_chain import line_digest
from batcher.triggers.diff import Change
from batcher.triggers.masking import HIDDEN
from batcher.wiring.line_readers import installed_update_model, line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


def test_each_kind_of_change_is_one_line_and_a_long_value_is_cut() -> None:
    assert change_text(Change(path="A", before="x", after="y")) == 'A: "x" → "y"'
    assert change_text(Change(path="A", after=[1])) == "A: + [1]"
    assert change_text(Change(path="A", before={"b": 1})) == 'A: - {"b": 1}'
    assert change_text(Change(path="A", before=HIDDEN, after=HIDDEN)) == f"A: {HIDDEN}"
    assert change_text(Change(path="A[0]", removed=(1,), added=(2, 3))) == "A[0]: - 1, + 2, + 3"
    assert len(change_text(Change(path="A", before="x" * 9000, after="y" * 9000))) < 500


def section(folder: Path, updates: list[dict[str, Any]], count: int | None = None) -> PlanSection:
    """What is told of a run that changed all its triggers, which had nothing but a filter."""
    run = RecordedRun(folder, updates)
    images = []
    for line, update in enumerate(updates, 1):
        result = run.add(line, "succeeded")
        names = {name: update[name] for name in ("DomainName", "EventTriggerName")}
        image = {"id": str(line), "target": "default", **names, "SegmentFilter": "old"}
        images.append(msgspec.json.encode(image) + b"\n")
        digest = line_digest(images[-1].removesuffix(b"\n"))
        run.results[-1] = replace(result, image=digest)
    path = run.write()
    run.directory.before.write_bytes(b"".join(images))
    changed = {each.id: each for each in run.results[:count]}
    reader = RunReader(path, line_reader(Settings(), any_target=True))
    sensitive = installed_update_model().sensitive
    found = change_groups(reader, changed, len(updates), sensitive, lambda: None)
    assert found is not None
    return found


def test_updates_that_do_the_same_are_one_group_and_sensitive_values_are_nowhere(
    tmp_path: Path,
) -> None:
    updates = [change(number, SegmentFilter="vip") for number in range(7)] + [change(7)]
    found = section(tmp_path, updates)
    assert (found.updates, found.more) == (8, 0)
    assert [each.count for each in found.groups] == [7, 1]
    assert found.groups[0].changes == [f"Description: {HIDDEN}", 'SegmentFilter: "old" → "vip"']
    assert found.groups[0].examples == [f"acme/t{number}" for number in range(NAMES)]
    assert "after-" not in str(found)


def test_many_values_of_their_own_are_one_group_and_few_groups_are_shown(tmp_path: Path) -> None:
    updates = [change(number, SegmentFilter=f"own-{number}") for number in range(40)]
    found = section(tmp_path, updates, count=30)
    counts = [each.count for each in found.groups]
    assert counts == [30 - VARIANTS] + [1] * VARIANTS
    assert found.groups[0].changes == ["Description", "SegmentFilter", EACH_ITS_OWN]
    assert (found.updates, found.more) == (40, 10)
    assert "the first 30 of 40 updates" in found.text
    assert len(found.groups) <= SHOWN


def test_of_no_change_there_is_no_section(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0)])
    reader = RunReader(run.write(), line_reader(Settings(), any_target=True))
    assert change_groups(reader, {}, 0, frozenset(), lambda: None) is None
