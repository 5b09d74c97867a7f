"""What a killed process left half done goes when the next one writes there, and nothing else."""

import os
import subprocess
import sys
import threading
from pathlib import Path

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

# as if another process were quicker with one of them
_VANISHING = """
import os, sys
from pathlib import Path
from batcher.storage.abandoned import remove_abandoned
folder, lstat = Path(sys.argv[1]), os.lstat
first = folder / os.listdir(folder)[0]
def vanishing(path):
    first.unlink(missing_ok=True)
    return lstat(path)
os.lstat = vanishing
remove_abandoned(folder)
print(os.listdir(folder))
"""

# as over NFS, where removing a file that is open gives it another name until it is closed
_RENAMING = """
import os, sys
from pathlib import Path
from batcher.storage.abandoned import remove_abandoned
from batcher.storage.held_directory import held_directory
folder, unlink = Path(sys.argv[1]), os.unlink
def is_open(found):
    for each in os.listdir("/proc/self/fd"):
        try:
            if os.path.samestat(found, os.fstat(int(each))):
                return True
        except OSError:
            pass
    return False
def renaming(name, *, dir_fd=None):
    if is_open(os.stat(name, dir_fd=dir_fd)):
        os.rename(name, ".nfs01", src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    else:
        unlink(name, dir_fd=dir_fd)
os.unlink = renaming
remove_abandoned(folder)
print(os.listdir(folder))
with held_directory(folder) as made:
    (made / "input.jsonl").touch()
    print(sorted(os.listdir(made), reverse=True))
print(os.listdir(folder))
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


def test_one_that_vanishes_meanwhile_keeps_none_of_the_others(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f".batcher-{number:016x}{held_suffix()}.new").touch()
    assert ran(_VANISHING, tmp_path) == "[]\n"


def test_where_a_file_that_is_open_keeps_a_name_nothing_is_left_either(tmp_path: Path) -> None:
    left = tmp_path / f"batcher-leftleft{held_suffix()}"
    left.mkdir()
    (left / MARKER).touch()
    assert ran(_RENAMING, tmp_path) == "[]\n['input.jsonl', '.held']\n[]\n"


def ran(program: str, folder: Path) -> str:
    """What it prints."""
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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
