"""A report written in each format, and at the end of a run whatever is in the way."""

import json
import os
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import anyio
import pytest

from batcher.errors import OutputError, OutputExistsError
from batcher.jobs.report_writing import ReportFormat, write_ending, write_report
from tests.conftest import change
from tests.jobs.reported_runs import ChainedRun, mixed_run


@pytest.mark.parametrize("kind", get_args(ReportFormat))
def test_each_format_is_a_file_of_its_owner_that_replaces_nothing_unless_told(
    tmp_path: Path, kind: str
) -> None:
    path, out = mixed_run(tmp_path).write(), tmp_path / "out"
    before = {each: each.read_bytes() for each in path.iterdir()}
    report = write_report(path, kind, out)
    content = out.read_text()
    assert out.stat().st_mode & 0o777 == 0o600
    assert report.accounts.chain in content
    if kind == "json":
        assert json.loads(content)["accounts"]["total"] == 6
    elif kind == "junit":
        cases = ElementTree.fromstring(content).findall(".//testcase")
        assert len(cases) == report.accounts.total == 6
    with pytest.raises(OutputExistsError):
        write_report(path, kind, out)
    write_report(path, kind, out, replace=True)
    assert {each: each.read_bytes() for each in path.iterdir()} == before, "it only reads"


@pytest.mark.parametrize("kind", get_args(ReportFormat))
def test_a_directory_whose_name_is_no_utf_8_has_a_report_too(tmp_path: Path, kind: str) -> None:
    path = mixed_run(tmp_path).write().rename(tmp_path / os.fsdecode(b"\xff\xfe.run"))
    write_report(path, kind, tmp_path / "out")
    assert ("%FF%FE" if kind == "junit" else "xfe.run") in (tmp_path / "out").read_text()


async def test_at_the_end_of_a_run_it_is_in_its_directory(tmp_path: Path) -> None:
    path = mixed_run(tmp_path).write()
    (path / "report.html").write_text("of the session before")
    assert await write_ending(path) == (path / "report.html", None)
    assert "<html" in (path / "report.html").read_text()


async def test_what_is_in_its_way_is_told_and_stays(tmp_path: Path) -> None:
    path = mixed_run(tmp_path).write()
    (path / "report.html").mkdir()
    place, why = await write_ending(path)
    assert place is None
    assert "no regular file" in str(why)
    assert not list(path.glob(".batcher-*"))
    with pytest.raises(OutputError):
        write_report(path, "html", path / "report.html", replace=True)
    (path / "run.json").write_text("[]")
    assert (await write_ending(path))[0] is None


async def test_nobody_waits_for_a_report_that_was_given_up(tmp_path: Path) -> None:
    run = ChainedRun(tmp_path, [change(0)] * 5000)
    for line in range(1, 5001):
        run.add(line, "succeeded")
    path = run.write()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await write_ending(path)
    assert scope.cancelled_caught
    assert not (path / "report.html").exists()
