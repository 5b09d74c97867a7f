"""What processes that were killed left half done: known by its name, and that nobody holds it.

A writer holds such a file, or the marker in such a directory, locked for as long as it lives, on
whichever host; so one without a lock is a dead one's. What versions before this one left has other
names, and no marker.
"""

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path

from batcher.storage.file_lock import hold
from batcher.storage.file_system import remove, remove_tree

MARKER = ".held"  # in a directory, the file that is locked
_FILE = re.compile(r"\.batcher-[0-9a-f]{16}\.held\.new")
_DIRECTORY = re.compile(r"\.?batcher-[a-z0-9_]{8}")
LOOKED_AT = 100_000  # entries of a directory, which may be anybody's


@lru_cache(maxsize=64)  # the first time that a process writes there
def remove_abandoned(folder: Path) -> None:
    """Remove, in a directory, files and directories of this user that nobody holds any more."""
    for path in _found(folder):
        with suppress(OSError):  # somebody else was first, or there are no locks
            if stat.S_ISDIR(os.lstat(path).st_mode):
                _remove(path, remove_tree, path / MARKER)
            else:
                _remove(path, remove, path)


def _found(folder: Path) -> list[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, LOOKED_AT)]
        ours = [name for name in names if _FILE.fullmatch(name) or _DIRECTORY.fullmatch(name)]
        return [folder / name for name in ours if os.lstat(folder / name).st_uid == os.geteuid()]
    return []


def _remove(path: Path, remove_it: Callable[[Path], None], marker: Path) -> None:
    """Remove it where its marker is a regular file of this user that nobody has locked.

    While that is locked here: whoever has just made it finds it gone. Raises OSError.
    """
    file = os.open(marker, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(file)
        is_own = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if is_own and hold(file, marker):
            remove_it(path)
    finally:
        os.close(file)
