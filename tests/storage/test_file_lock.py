"""A file is held by one process at a time, by its name, until it is closed or its holder dies."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from batcher.storage.file_lock import is_in_place, is_locked, locked, try_lock
from batcher.storage.file_system import open_or_create

_HOLDER = """
import os, sys
from pathlib import Path
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import OF_THE_HOST
print(try_lock(Path(sys.argv[1])) is not None, flush=True)
sys.stdin.read()
"""


def test_another_process_gets_it_when_the_holder_was_killed_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert try_lock(path) is None
        assert try_lock(path, create=False) is None
        assert is_locked(path)
        holder.kill()
    assert not is_locked(path)
    lock = try_lock(path)
    assert lock is not None
    assert path.stat().st_mode & 0o777 == 0o600
    os.close(lock)


def test_who_only_asks_whether_it_is_held_is_no_holder_and_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    asking, waits = open_or_create(path), list[float]()
    fcntl.flock(asking, fcntl.LOCK_SH)

    def wait(seconds: float) -> None:
        assert is_in_place(asking, path)
        assert not is_locked(path)  # neither of the two has it
        waits.append(seconds)
        if len(waits) == 3:
            fcntl.flock(asking, fcntl.LOCK_UN)

    lock = try_lock(path, wait=wait)
    assert lock is not None
    assert len(waits) == 3
    assert is_locked(path)
    assert try_lock(path, wait=lambda _: pytest.fail("waits for a holder")) is None
    os.close(lock)


def test_a_reader_that_was_stopped_at_that_instant_is_not_waited_for_for_ever(
    tmp_path: Path,
) -> None:
    path, waits = tmp_path / "lock", list[float]()
    asking = open_or_create(path)
    fcntl.flock(asking, fcntl.LOCK_SH)
    assert try_lock(path, wait=waits.append) is None
    assert 2 < sum(waits) < 10
    os.close(asking)
    with locked(path):
        pass


def test_nobody_who_asks_again_and_again_keeps_another_from_starting(tmp_path: Path) -> None:
    """And of several that start at once one gets it."""
    path, over, rounds = tmp_path / "lock", threading.Event(), threading.Barrier(3, timeout=10)
    got = [list[int | None](), list[int | None]()]

    def ask() -> None:
        while not over.is_set():
            is_locked(path)

    def start(mine: list[int | None]) -> None:
        for _ in range(100):
            rounds.wait()
            mine.append(try_lock(path))
            rounds.wait()
            rounds.wait()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    threads += [threading.Thread(target=start, args=[each]) for each in got]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            rounds.wait()
            rounds.wait()
            (lock,) = [each[-1] for each in got if each[-1] is not None]
            os.close(lock)
            rounds.wait()
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=20)


def test_a_lock_of_a_name_that_was_removed_or_replaced_is_not_in_place(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = try_lock(path)
    assert lock is not None
    assert is_in_place(lock, path)
    path.unlink()
    assert not is_in_place(lock, path)
    other = try_lock(path)
    assert other is not None
    assert (is_in_place(lock, path), is_in_place(other, path)) == (False, True)
    os.close(lock)
    os.close(other)


def test_what_is_not_there_is_made_only_when_that_was_asked_for(tmp_path: Path) -> None:
    assert try_lock(tmp_path / "lock", create=False) is None
    assert not is_locked(tmp_path / "lock")
    assert not (tmp_path / "lock").exists()
    with pytest.raises(FileNotFoundError):
        try_lock(tmp_path / "missing" / "lock")


def test_who_waits_for_a_lock_has_it_when_the_other_lets_go(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", []

    def second() -> None:
        with locked(path):
            order.append("second")

    waiting = threading.Thread(target=second)
    with locked(path):
        waiting.start()
        assert try_lock(path) is None
        order.append("first")
    waiting.join(timeout=10)
    assert order == ["first", "second"]


_LOCKLESS = """
import errno, fcntl, os, sys
from pathlib import Path
from batcher.storage.file_lock import locked, try_lock
from batcher.storage.file_system import OF_THE_HOST
def flock(file, operation):
    raise OSError(number, os.strerror(number))
fcntl.flock, before = flock, os.listdir("/proc/self/fd")
for number in errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL:
    for take in try_lock, lambda path: locked(path).__enter__():
        try:
            take(Path(sys.argv[1]))
        except OSError as error:
            open_by_now = os.listdir("/proc/self/fd")
            print(error.strerror.partition(" (")[0], error.errno in OF_THE_HOST)
            assert open_by_now == before
"""


def test_a_file_system_without_locks_is_told_by_that_name_and_leaves_nothing_open(
    tmp_path: Path,
) -> None:
    """Of the host: no file of a spool is blamed for it."""
    program = [sys.executable, "-c", _LOCKLESS, str(tmp_path / "lock")]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert said == 8 * "this file system has no locks True\n"
