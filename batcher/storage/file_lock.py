"""Files that one process holds at a time.

The kernel lets go when the holder ends, also when it is killed.
"""

import fcntl
import os
from pathlib import Path


def held(path: Path, *, create: bool = True) -> int | None:
    """The file of that name, open and locked; None when another has it, or it is gone.

    Closing it lets go.

    ``create``: make it where it is not there, mode 0600. Raises OSError.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError:
        if create:
            raise
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # else its holder ended and took the name away
        if os.stat(path).st_ino == os.fstat(file).st_ino:
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(file)
        raise
    os.close(file)
    return None
