"""Files that one process holds at a time.

The kernel releases the lock when the holder ends, also when it is killed.
"""

import errno
import fcntl
import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from batcher.clock import pause
from batcher.storage.file_system import open_or_create
from batcher.storage.regular_file import open_regular

READER_WITHIN = 0.005  # seconds; who asks whether a file is locked has it for microseconds
TRIES = 2000  # beside a reader: about 5 seconds; one that was stopped at that instant never ends


def try_lock(
    path: Path, *, create: bool = True, wait: Callable[[float], None] = pause
) -> int | None:
    """The file of that name, open and locked; None when another process holds it.

    Closing it releases the lock. Who only asks whether it is locked is waited for: no holder.
    ``create``: make it, mode 0600, where it is not there; else None when it is gone. ``wait``
    blocks for so many seconds. Raises OSError, and DamageError for what is no regular file of this
    user.
    """
    while True:
        try:
            file = open_or_create(path) if create else open_regular(path, os.O_RDWR)
        except FileNotFoundError:
            if create:
                raise
            return None
        try:
            is_ours = _taken(file, wait)
        except BaseException:
            os.close(file)
            raise
        if not is_ours:
            os.close(file)
            return None
        if is_in_place(file, path):
            return file
        os.close(file)  # its last holder removed it between the two


def is_locked(path: Path) -> bool:
    """Whether somebody holds that lock now, this process or another; False where it can't be read.

    Takes it for an instant where nobody has it, shared: ``try_lock`` knows this from a holder.
    Raises DamageError for what is no regular file of this user.
    """
    try:
        file = open_regular(path)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # this file system has no locks
    finally:
        os.close(file)
    return False


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, which is made where it is not there; waits for whoever has it.

    Raises OSError, DamageError.
    """
    file = open_or_create(path)
    try:
        _lock(file)
        yield
    finally:
        os.close(file)


def hold(file: int, path: Path) -> bool:
    """Lock an open file, or directory, until it is closed; False where another process has it.

    Nor where it has that name no more. Raises OSError where there are no locks.
    """
    return _takes(file, fcntl.LOCK_EX) and is_in_place(file, path)


def lock_of(path: Path) -> Path:
    """The lock beside a name that one process at a time uses."""
    return path.with_name(f"{path.name}.lock")


def note_holder(file: int) -> None:
    """Write into a lock that is held who holds it. Raises OSError."""
    os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _taken(file: int, wait: Callable[[float], None]) -> bool:
    """Take the lock, unless a process holds it: one that has it alone, not shared. Raises OSError.

    No lock says who asks for it without taking it, but for those of Linux, and these not over NFS.
    """
    for _ in range(TRIES):
        if _takes(file, fcntl.LOCK_EX):
            return True
        if not _takes(file, fcntl.LOCK_SH):
            return False
        fcntl.flock(file, fcntl.LOCK_UN)
        wait(random.uniform(0, READER_WITHIN))  # two that start at once don't meet again
    return False


def _takes(file: int, kind: int) -> bool:
    try:
        _lock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock(file: int, flags: int = fcntl.LOCK_EX) -> None:
    """Take the lock. Raises BlockingIOError, and OSError that says what the file system lacks."""
    try:
        fcntl.flock(file, flags)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL):
            raise
        what = (
            f"this file system has no locks (flock: {error.strerror}), and two processes may meet"
        )
        raise OSError(errno.ENOLCK, what) from error


def is_in_place(file: int, path: Path) -> bool:
    """Whether an open file has that name still: nobody has removed or replaced it."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False
