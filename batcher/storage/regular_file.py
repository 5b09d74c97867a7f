"""Files of a run directory opened with care: regular ones of this user, never a link or a device.

To open a FIFO may hang for ever, a device has no end, and a link leads to another's file.
"""

import os
import stat
from pathlib import Path

from batcher.errors import DamageError

DOCUMENT_AT_MOST = 16 << 20  # bytes of a file that is one JSON document


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file of this user; with O_CREAT it is made, mode 0600.

    Raises DamageError for whatever else has that name, and OSError.
    """
    try:
        file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError:
        refuse_irregular(path)  # of a link or a socket the error says little
        raise
    try:
        _refuse(path, os.fstat(file))
    except BaseException:
        os.close(file)
        raise
    return file


def refuse_irregular(path: Path) -> None:
    """Raise DamageError for what is no regular file of this user; nothing there is fine."""
    try:
        found = os.lstat(path)
    except OSError:
        return
    _refuse(path, found)


def read_document(path: Path) -> bytes:
    """The content of a small file. Raises DamageError, also for a large one, and OSError."""
    file = open_regular(path)
    with os.fdopen(file, "rb") as opened:
        content = opened.read(DOCUMENT_AT_MOST + 1)
    if len(content) > DOCUMENT_AT_MOST:
        raise DamageError(f"{path}: larger than {DOCUMENT_AT_MOST:,} bytes: not as it was written.")
    return content


def _refuse(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise DamageError(f"{path}: {_kind(found.st_mode)}, not a regular file. Put it back.")
    if found.st_uid != os.geteuid():
        raise DamageError(
            f"{path}: belongs to another user (uid {found.st_uid}). Act as that user, or put a"
            " file of your own there."
        )


def _kind(mode: int) -> str:
    names = {
        stat.S_IFDIR: "a directory",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
    }
    return names.get(stat.S_IFMT(mode), "a device")
