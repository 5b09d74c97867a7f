"""What processes that were killed left half done: known by its name, and that nobody holds it.

A writer holds such a file, or the marker in such a directory, locked for as long as it lives, so
one without a lock is a dead one's: of this host, as many file systems keep locks to themselves on
each. What versions before this one left has other names.
"""

import os
import re
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path

from batcher.storage.file_lock import hold
from batcher.storage.file_system import hidden_name, remove, remove_tree

MARKER = ".held"  # in a directory, the file that is locked
HELD_IN = 20  # tries to hold what was just made; else files have no number here that lasts
LOOKED_AT = 100_000  # entries of a directory, which may be anybody's
_BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux: of all containers of a host


@cache
def host_mark() -> str:
    """Eight hex digits that stand for this host, where there are such until it starts anew."""
    try:
        host = _BOOT.read_bytes()
    except OSError:
        host = os.fsencode(socket.gethostname())
    return sha256(host).hexdigest()[:8]


def held_name(path: Path) -> Path:
    """A hidden name for what its writer, on this host, holds locked as long as it lives."""
    return hidden_name(path).with_suffix(f".{host_mark()}.held.new")


def held_suffix() -> str:
    """How the name of a directory ends whose marker is held by who made it, on this host."""
    return f".{host_mark()}.held"


def held_or_none(file: int, path: Path) -> bool | None:
    """Hold what was just made; False: somebody who looks for what was left has it; None: no locks.

    Where it is True that is so until it is closed.
    """
    try:
        return hold(file, path)
    except OSError:
        return None


@lru_cache(maxsize=64)  # the first time that a process writes there
def remove_abandoned(folder: Path) -> None:
    """Remove, in a directory, files and directories of this user that nobody holds any more."""
    mark = host_mark()
    for name in _names(folder):
        path = folder / name
        if re.fullmatch(rf"\.batcher-[0-9a-f]{{16}}\.{mark}\.held\.new", name):
            _remove(path, remove, path)
        elif re.fullmatch(rf"\.?batcher-[a-z0-9_]{{8}}\.{mark}\.held", name):
            _remove(path, remove_tree, path / MARKER)


def _names(folder: Path) -> list[str]:
    """Names that something left may have; none where the directory can't be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return [each.name for each in islice(entries, LOOKED_AT) if ".held" in each.name]
    return []


def _remove(path: Path, remove_it: Callable[[Path], None], marker: Path) -> None:
    """Remove it where it is of this user, and so its marker, a regular file that nobody has locked.

    While that is locked here: whoever has just made it finds it gone. What can't be removed stays.
    """
    with suppress(OSError):  # somebody else was first, or there are no locks
        if os.lstat(path).st_uid != os.geteuid():
            return
        file = os.open(marker, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not (_is_own(file) and hold(file, marker)):
                return
            remove_it(path)
        finally:
            os.close(file)
        remove_it(path)  # over NFS a file that was open was there under another name until now


def _is_own(file: int) -> bool:
    found = os.fstat(file)
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
