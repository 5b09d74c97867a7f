"""Unix sockets by their names: paths of any length, and only sockets of this user.

Looks and connects; one is made in ``file_system``.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batcher.errors import DamageError

DESCRIPTORS = Path("/proc/self/fd")  # Linux: what is open, by number


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """An address of that path for as long as it is used: the kernel takes 107 bytes at most.

    Raises OSError where its directory can't be opened.
    """
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = DESCRIPTORS / str(directory)
        yield str(short / path.name) if short.exists() else str(path)
    finally:
        os.close(directory)


def refuse_other_than_socket(path: Path) -> None:
    """Raise DamageError for what is no socket of this user; nothing there is fine."""
    try:
        found = os.lstat(path)
    except OSError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise DamageError(f"{path}: is no socket, and stays as it is. Move it away.")
    if found.st_uid != os.geteuid():
        raise DamageError(
            f"{path}: a socket of another user (uid {found.st_uid}). Act as that user."
        )


def connect_socket(path: Path, timeout: float) -> socket.socket:
    """A connection to a socket of this user; each wait for it ends after ``timeout`` seconds.

    Raises DamageError for what is none, OSError, and ValueError for a name that is too long.
    """
    refuse_other_than_socket(path)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        with address_of(path) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection
