"""The command ``history``, over run directories made by hand."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from batcher.cli import batcher
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recorded = RecordedRun(tmp_path / "a", [change(1, Description="SECRET"), change(2)])
    for line in (1, 2):
        recorded.results.append(replace(recorded.add(line, "succeeded"), reason="\x1b[2J\nwhy"))
        del recorded.results[-2]
    path = recorded.write()
    names = {"DomainName": "acme", "EventTriggerName": "t1"}
    image = json.dumps({"id": "1", **names, "Description": "ALSO SECRET", "SegmentFilter": "x"})
    (path / "before.jsonl").write_text(image + "\n")
    return tmp_path


def test_a_trigger_is_told_of_and_what_is_hostile_or_sensitive_is_not_shown(folder: Path) -> None:
    ended = CliRunner().invoke(batcher, ["history", "acme/t1", "--in", str(folder)])
    assert ended.exit_code == 0
    assert ended.stdout == ""
    assert "acme/t1  succeeded" in ended.stderr
    assert "acme/t2" not in ended.stderr
    assert "~ Description: [hidden]" in ended.stderr
    assert r"why: \u001b[2J\u000awhy" in ended.stderr
    assert "SECRET" not in ended.output
    refused = CliRunner().invoke(batcher, ["history", "--show-sensitive", "--in", str(folder)])
    assert refused.exit_code == 2


def test_json_is_one_object_whatever_the_names_of_directories(folder: Path) -> None:
    odd = folder / os.fsdecode(b"\xff\n")
    (folder / "a").rename(odd)
    (odd / "bad").mkdir()
    (odd / "bad" / "run.json").write_text("[" * 100_000)
    ended = CliRunner().invoke(batcher, ["history", "--json", "--in", str(folder)])
    assert ended.exit_code == 1, "a directory could not be read"
    found = json.loads(ended.stdout)
    assert {each["trigger"] for each in found["touches"]} == {"t1", "t2"}
    assert len(found["unread"]) == 1
    assert "SECRET" not in ended.output


def test_nothing_found_is_no_error_and_no_folder_is(folder: Path) -> None:
    none = CliRunner().invoke(batcher, ["history", "[", "--in", str(folder)])
    assert (none.exit_code, none.stderr) == (0, "Nothing of that is there, in 1 run looked at.\n")
    later = ["history", "--since", "2026-02-01T00:00Z", "--json", "--in", str(folder)]
    assert json.loads(CliRunner().invoke(batcher, later).stdout)["touches"] == []
    assert CliRunner().invoke(batcher, ["history", "--in", str(folder / "gone")]).exit_code != 0
