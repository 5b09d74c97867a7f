"""What a killed process left half done goes when the next one writes there, and nothing else."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from batcher.storage.abandoned import MARKER, held_suffix, host_mark, remove_abandoned
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.file_lock import try_lock
from batcher.storage.held_directory import held_directory

_WRITER = """
import sys
from contextlib import ExitStack
from pathlib import Path
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.held_directory import held_directory
folder = Path(sys.argv[1])
with ExitStack() as stack:
    stack.enter_context(AtomicFile(folder / "plan.jsonl")).write(b"half")
    for made in held_directory(folder), held_directory():
        (stack.enter_context(made) / "input.jsonl").write_bytes(b"half")
    print("holds", flush=True)
    sys.stdin.read()
"""


def swept(folder: Path) -> list[str]:
    remove_abandoned.cache_clear()
    remove_abandoned(folder)
    return sorted(os.listdir(folder))


def test_what_a_killed_writer_left_goes_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    writer = [sys.executable, "-c", _WRITER, str(tmp_path)]
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(writer, stdin=pipe, stdout=pipe, env=environ) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == b"holds\n"
        there = sorted(os.listdir(tmp_path))
        assert len(there) == 3
        with subprocess.Popen(writer, stdin=pipe, stdout=pipe, env=environ) as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == b"holds\n"
            assert len(swept(tmp_path)) == 6
            killed.kill()
        assert swept(tmp_path) == there
        living.communicate(b"")
    assert os.listdir(tmp_path) == []


def test_nothing_that_is_not_surely_ours_and_dead_is_removed(tmp_path: Path) -> None:
    """Of an earlier version, of another host, whose locks may not be seen here, and of yours."""
    hidden, ours, other = f".batcher-{'0a' * 8}", held_suffix(), f".{int(host_mark(), 16) ^ 1:08x}"
    for name in (
        f"{hidden}.new",
        f"{hidden}{ours}.new~",
        f"{hidden}{other}.held.new",
        f"x{ours}.new",
        "batcher-notes",
        "batcher-20261128",
        f"batcher-accounts{ours}",  # a file by the name of a directory
    ):
        (tmp_path / name).write_bytes(b"mine")
    for name in (
        f"batcher-unmarked{ours}",
        "batcher-accepted",
        f"batcher-acceptances{ours}",
        f"batcher-farhosts{other}.held",
        f"{hidden}{ours}.new",  # a directory by the name of a file
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
        if "unmarked" not in name:
            (tmp_path / name / MARKER).touch()
    (tmp_path / f".batcher-{'0b' * 8}{ours}.new").symlink_to(tmp_path / "batcher-notes")
    (tmp_path / f"batcher-linked_1{ours}").symlink_to(tmp_path / "batcher-accepted")
    (tmp_path / f"batcher-fifofifo{ours}").mkdir()
    os.mkfifo(tmp_path / f"batcher-fifofifo{ours}" / MARKER)
    there = sorted(map(str, tmp_path.rglob("*")))
    swept(tmp_path)
    assert sorted(map(str, tmp_path.rglob("*"))) == there
    remove_abandoned(tmp_path / "nowhere")


def test_one_that_vanishes_meanwhile_keeps_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / f".batcher-{number:016x}{held_suffix()}.new").touch()
    lstat = os.lstat

    def vanishing(path: Path) -> os.stat_result:
        (tmp_path / f".batcher-{1:016x}{held_suffix()}.new").unlink(missing_ok=True)
        return lstat(path)

    monkeypatch.setattr(os, "lstat", vanishing)
    assert swept(tmp_path) == []


def test_where_a_file_that_is_open_keeps_a_name_nothing_is_left_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over NFS, where removing such a file gives it another name until it is closed."""
    left = tmp_path / f"batcher-leftleft{held_suffix()}"
    left.mkdir()
    (left / MARKER).touch()
    unlink = os.unlink

    def renaming(name: str, *, dir_fd: int | None = None) -> None:
        found = os.stat(name, dir_fd=dir_fd)
        if any(os.path.samestat(found, each) for each in opened()):
            os.rename(name, ".nfs01", src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
        else:
            unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", renaming)
    assert swept(tmp_path) == []
    with held_directory(tmp_path) as folder:
        (folder / "input.jsonl").touch()
    assert os.listdir(tmp_path) == []


def opened() -> Iterator[os.stat_result]:
    """What this process has open."""
    for each in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            yield os.fstat(int(each))


def test_who_begins_while_others_look_for_what_was_left_loses_nothing(tmp_path: Path) -> None:
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            remove_abandoned.__wrapped__(tmp_path)

    looking = [threading.Thread(target=look) for _ in range(2)]
    for thread in looking:
        thread.start()
    try:
        for number in range(100):
            with AtomicFile(tmp_path / f"{number}.jsonl") as file:
                file.write(b"whole")
                file.commit()
            with held_directory(tmp_path) as folder:
                (folder / "input.jsonl").write_bytes(b"whole")
                assert try_lock(folder / MARKER) is None
                assert (folder / "input.jsonl").read_bytes() == b"whole"
    finally:
        over.set()
        for thread in looking:
            thread.join(timeout=10)
    assert len(swept(tmp_path)) == 100
