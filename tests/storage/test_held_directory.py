"""A directory for a while: its owner's only, and gone at the end with all that is in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batcher.storage.held_directory import held_directory

_LOCKLESS = """
import errno, fcntl, os, sys
from pathlib import Path
from batcher.storage.atomic_file import write_atomically
from batcher.storage.held_directory import held_directory
import batcher.storage.file_lock
def flock(file, operation):
    raise OSError(errno.ENOLCK, "no locks")
if sys.argv[2] == "no locks":
    fcntl.flock = flock
else:  # a file has another number each time that it is asked for
    batcher.storage.file_lock.is_in_place = lambda file, path: False
before = os.listdir("/proc/self/fd")
folder = Path(sys.argv[1])
with held_directory(folder) as made:
    print(os.listdir(made), os.listdir(folder) == [made.name])
write_atomically(folder / "whole", b"")
print(os.listdir(folder), os.listdir("/proc/self/fd") == before)
"""

_FULL = """
import errno, os, sys
from pathlib import Path
from batcher.storage.held_directory import held_directory
made = os.open
def full(path, flags, *more, **others):
    if flags & os.O_CREAT:
        raise OSError(errno.ENOSPC, "full")
    return made(path, flags, *more, **others)
os.open = full
try:
    with held_directory(Path(sys.argv[1])):
        pass
except OSError as error:
    print(error.strerror, os.listdir(sys.argv[1]))
"""


def test_it_is_of_its_owner_and_goes_with_what_is_in_it(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")

    def use() -> None:
        with held_directory(tmp_path) as folder:
            assert folder.parent == tmp_path
            assert folder.name.startswith(".")
            assert folder.stat().st_mode & 0o777 == 0o700
            (folder / "in" / "it").mkdir(parents=True)
            raise RuntimeError("ended")

    with pytest.raises(RuntimeError, match="ended"):
        use()
    assert os.listdir(tmp_path) == []
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("lack", ["no locks", "no numbers"])
def test_where_nothing_can_be_held_it_is_made_all_the_same_and_nobody_takes_it_for_left(
    tmp_path: Path, lack: str
) -> None:
    """Nor a file that is not whole yet."""
    program = [sys.executable, "-c", _LOCKLESS, str(tmp_path), lack]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.splitlines() == ["[] True", "['whole'] True"]


def test_where_nothing_can_be_put_into_it_it_is_not_left(tmp_path: Path) -> None:
    program = [sys.executable, "-c", _FULL, str(tmp_path)]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert said == "full []\n"
