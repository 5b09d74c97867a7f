"""Files that one process holds at a time.

The kernel releases the lock when the holder ends, also when it is killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def try_lock(path: Path, *, create: bool = True) -> int | None:
    """The file of that name, open and locked; None when another process holds it.

    Closing it releases the lock. ``create``: make it, mode 0600, where it is not there; else None
    when it is gone. Raises OSError.
    """
    while True:
        try:
            file = _open(path, os.O_CREAT if create else 0)
        except FileNotFoundError:
            if create:
                raise
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        except OSError:
            os.close(file)
            raise
        if is_in_place(file, path):
            return file
        os.close(file)  # its last holder removed it between the two


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, which is made where it is not there; waits for whoever has it.

    Raises OSError.
    """
    file = _open(path, os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def is_in_place(file: int, path: Path) -> bool:
    """Whether an open file has that name still: nobody has removed or replaced it."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False


def _open(path: Path, flags: int) -> int:
    return os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
