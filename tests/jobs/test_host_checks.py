"""What is told of this host, without writing anything."""

import os
import resource
from pathlib import Path

import pytest

from batcher.config import Settings, TargetSettings
from batcher.jobs.diagnosis import Check, Told
from batcher.jobs.host_checks import (
    check_disk,
    check_open_files,
    check_output_directory,
    check_state_directory,
    check_versions,
)


def found(check, *arguments, **options) -> dict[str, Check]:
    told = Told("host")
    check(*arguments, told, **options)
    return {each.name: each for each in told.checks}


def test_versions_are_told() -> None:
    check = found(check_versions)["versions"]
    assert check.verdict == "ok"
    for name in ("batcher 0", "Python 3.", " botocore 1.", "aiobotocore 3.", "2020-08-15"):
        assert name in check.seen


def test_a_concurrency_that_this_host_does_not_allow_is_a_warning() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        assert found(check_open_files, Settings())["open files"].verdict == "ok"
        wanted = TargetSettings(concurrency=4000)
        settings = Settings(targets={"a": wanted, "b": TargetSettings()})
        check = found(check_open_files, settings)["open files"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (check.verdict, "4,000" in check.seen) == ("warning", True)


def test_a_state_directory_is_looked_at_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert found(check_state_directory)["state directory"].verdict == "ok"
    assert not list(tmp_path.iterdir())
    (tmp_path / "state" / "batcher").mkdir(parents=True)
    (tmp_path / "state" / "batcher" / "quotas.json").write_text("{")
    check = found(check_state_directory)["state directory"]
    assert (check.verdict, "damaged" in check.seen) == ("warning", True)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state" / "batcher" / "quotas.json"))
    assert "no directory" in found(check_state_directory)["state directory"].seen


def test_a_directory_that_is_no_runs_is_a_fault(tmp_path: Path) -> None:
    new = found(check_output_directory, tmp_path / "a" / "new", is_run=True)
    assert [check.verdict for check in new.values()] == ["ok", "ok"]
    (tmp_path / "mine.txt").write_text("")
    foreign = found(check_output_directory, tmp_path, is_run=True)["output directory"]
    assert (foreign.verdict, "files of something else" in foreign.seen) == ("fault", True)
    assert found(check_output_directory, tmp_path, is_run=False)["disk"].verdict == "ok"
    file = found(check_output_directory, tmp_path / "mine.txt", is_run=False)["output directory"]
    assert file.verdict == "fault"
    assert sorted(os.listdir(tmp_path)) == ["mine.txt"]
    nowhere = found(check_output_directory, Path("/proc/1/x"), is_run=False)
    assert nowhere["output directory"].verdict == "fault"


def test_a_disk_that_is_full_is_a_fault() -> None:
    assert found(check_disk, Path("/proc"))["disk"].verdict == "fault"  # 0 bytes, always
