"""Files that one process holds at a time.

The kernel releases the lock when the holder ends, also when it is killed.
"""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batcher.storage.file_system import open_or_create
from batcher.storage.regular_file import open_regular


def try_lock(path: Path, *, create: bool = True) -> int | None:
    """The file of that name, open and locked; None when another process holds it.

    Closing it releases the lock. ``create``: make it, mode 0600, where it is not there; else None
    when it is gone. Raises OSError, and DamageError for what is no regular file of this user.
    """
    while True:
        try:
            file = open_or_create(path) if create else open_regular(path, os.O_RDWR)
        except FileNotFoundError:
            if create:
                raise
            return None
        try:
            _lock(file, fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        except OSError:
            os.close(file)
            raise
        if is_in_place(file, path):
            return file
        os.close(file)  # its last holder removed it between the two


def is_locked(path: Path) -> bool:
    """Whether somebody holds that lock now, this process or another; False where it can't be read.

    Takes it for an instant where nobody has it, shared: who tries to at that instant is refused.
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


def lock_of(path: Path) -> Path:
    """The lock beside a name that one process at a time uses."""
    return path.with_name(f"{path.name}.lock")


def note_holder(file: int) -> None:
    """Write into a lock that is held who holds it. Raises OSError."""
    os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _lock(file: int, flags: int = 0) -> None:
    """Take the lock. Raises BlockingIOError, and OSError that says what the file system lacks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | flags)
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
