"""What a killed process left half done goes when the next one writes there, and nothing else."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from batcher.storage.abandoned import MARKER, remove_abandoned
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
    """Such as of an earlier version, which holds nothing."""
    hidden = f".batcher-{'0a' * 8}"
    for name in (f"{hidden}.new", f"{hidden}.held.new~", "x.held.new", "batcher-notes"):
        (tmp_path / name).write_bytes(b"mine")
    for name in ("batcher-abcdefgh", "batcher-abcdefghi", f"{hidden}1.held.new"):
        (tmp_path / name).mkdir()
    (tmp_path / "batcher-abcdefghi" / MARKER).touch()
    (tmp_path / f".batcher-{'0b' * 8}.held.new").symlink_to(tmp_path / "x.held.new")
    (tmp_path / "batcher-linked_1").symlink_to(tmp_path / "batcher-abcdefghi")
    (tmp_path / "batcher-fifofifo").mkdir()
    os.mkfifo(tmp_path / "batcher-fifofifo" / MARKER)
    there = sorted(os.listdir(tmp_path))
    assert swept(tmp_path) == there
    remove_abandoned(tmp_path / "nowhere")


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
