"""The run directory is one process's at a time, and one input's for ever."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from batcher.errors import RunDirectoryError
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from batcher.target_identity import TargetIdentity

PLACE = TargetIdentity(region="eu-west-1", account="111111111111", endpoint="https://profile")
FACTS = RunManifest(
    run="r1",
    input=InputFingerprint(path="/data/u.jsonl", size=10, sha256="a" * 64, updates=1),
    settings={"target": "default", "skip_invalid": False},
    targets={"default": PLACE},
    versions={},
    started_at="2026-01-01T00:00:00.000Z",
)


def test_targets_and_accounts_that_were_not_known_before_are_put_in(tmp_path: Path) -> None:
    unknown = msgspec.structs.replace(PLACE, account=None)
    with RunDirectory(tmp_path) as directory:
        directory.claim(msgspec.structs.replace(FACTS, targets={"default": unknown}))
        later = {"default": PLACE, "us": msgspec.structs.replace(PLACE, region="us-east-1")}
        directory.claim(msgspec.structs.replace(FACTS, targets=later))
        assert directory.read_manifest().targets == later
        directory.claim(msgspec.structs.replace(FACTS, targets={}))
        assert directory.read_manifest().targets == later


def test_a_second_process_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    script = (
        "import pathlib, batcher.storage.run_directory as r\nwith"
        f" r.RunDirectory(pathlib.Path({str(tmp_path)!r})): pass"
    )
    with RunDirectory(tmp_path) as held:
        held.claim(FACTS)
        second = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert "in use by process" in second.stderr
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_log_of_a_run_that_was_not_begun_goes_and_what_was_there_stays(tmp_path: Path) -> None:
    for place, log in ((tmp_path / "new", None), (tmp_path / "killed", b"theirs")):
        if log is not None:
            place.mkdir()
            (place / "lock").write_bytes(b"process 7 on host.example")
            (place / "log.jsonl").write_bytes(log)
        with RunDirectory(place) as directory, directory.open_log() as file:
            file.write("x")
        there = (place / "log.jsonl").read_bytes() if place.exists() else None
        assert there == (None if log is None else log + b"\nx"), "on a line of its own"


def test_a_lock_left_by_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    script = (
        "import os; from pathlib import Path\n"
        "from batcher.storage.run_directory import RunDirectory\n"
        f"RunDirectory(Path({str(tmp_path)!r})).__enter__(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert (tmp_path / "lock").exists()
    with RunDirectory(tmp_path):
        pass


def test_what_a_killed_process_left_unfinished_goes_and_nothing_else(tmp_path: Path) -> None:
    left, folder = tmp_path / f".batcher-{'0a' * 8}.new", tmp_path / f".batcher-{'0b' * 8}.new"
    others = [tmp_path / name for name in (".batcher-0a.new", f".batcher-{'0a' * 8}.new~", "x.new")]
    with RunDirectory(tmp_path) as held:
        held.claim(FACTS)
    for path in (left, *others):
        path.write_bytes(b"half")
    link = tmp_path / f".batcher-{'0c' * 8}.new"
    link.symlink_to(others[0])
    folder.mkdir()
    with RunDirectory(tmp_path):
        assert not left.exists()
    assert all(path.exists() for path in (*others, link, folder))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"input": InputFingerprint(path="/data/u.jsonl", size=11, sha256="b" * 64, updates=1)},
            "the input was 10 bytes",
        ),
        (
            {"settings": {"target": "other", "skip_invalid": False}},
            "target was 'default', now 'other'",
        ),
    ],
)
def test_another_input_or_meaning_is_refused_with_what_differs(
    tmp_path: Path, change: dict, said: str
) -> None:
    with RunDirectory(tmp_path) as directory:
        directory.claim(FACTS)
        assert directory.claim(msgspec.structs.replace(FACTS, run="r2")).run == "r1"
        with pytest.raises(RunDirectoryError, match=said):
            directory.claim(msgspec.structs.replace(FACTS, **change))


def test_a_directory_in_which_nothing_was_started_leaves_no_trace(tmp_path: Path) -> None:
    with RunDirectory(tmp_path / "x.run"):
        pass
    assert not (tmp_path / "x.run").exists()


def test_a_directory_that_can_not_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunDirectoryError, match="can't be used as run directory"),
        RunDirectory(tmp_path / "file" / "x"),
    ):
        pass
