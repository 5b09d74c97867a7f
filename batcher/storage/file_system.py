"""Files and directories made, put in place, moved and removed: here, and nowhere else.

What this process did not make is never deleted, cut or overwritten, but where a caller says
``replace``. A new name is taken exclusively, no link is followed, and what is new can be used by
its owner only, whatever the umask.
"""

import ctypes
import errno
import os
import re
import secrets
import shutil
import socket
import stat
from contextlib import suppress
from pathlib import Path

from batcher.storage.regular_file import open_regular
from batcher.storage.unix_socket import address_of, refuse_other_than_socket

_IMPOSSIBLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
# of this host or of the place, and not of one file: the disk, descriptors, memory, and what a file
# system does not have
OF_THE_HOST = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ENOTSUP,
)
_NOREPLACE = 1
_HIDDEN = re.compile(r"\.batcher-[0-9a-f]{16}(?:\.[0-9a-f]{8}\.held)?\.new")
_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # Linux has it


def create_file(path: Path, flags: int = os.O_RDWR) -> int:
    """Make a file that was not there, mode 0600, and open it. Raises OSError."""
    flags |= os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(path, flags, 0o600)
    try:
        if stat.S_IMODE(os.fstat(file).st_mode) != 0o600:  # not every file system can be asked to
            os.fchmod(file, 0o600)
    except BaseException:
        os.close(file)
        remove(path)
        raise
    return file


def hidden_name(path: Path) -> Path:
    """A new name in the same directory, for what is not whole yet; nobody can guess it."""
    return path.with_name(f".batcher-{secrets.token_hex(8)}.new")


def remove_leftovers(directory: Path) -> None:
    """Remove what processes of this user that were killed left there under hidden names.

    Only for who holds the directory: nobody else is writing to it.
    """
    for path in directory.glob(".batcher-*.new"):
        found = os.lstat(path)
        is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if is_ours and _HIDDEN.fullmatch(path.name):
            remove(path)


def open_or_create(path: Path, flags: int = os.O_RDWR) -> int:
    """Open a regular file of this user, which is made, mode 0600, where there is none.

    Raises DamageError for whatever else has that name, and OSError.
    """
    while True:  # the one that is there may go before it is opened
        with suppress(FileExistsError):
            return create_file(path, flags)
        with suppress(FileNotFoundError):
            return open_regular(path, flags)


def put_in_place(hidden: Path, path: Path, *, replace: bool) -> None:
    """Give a file that this process made its name, and make the name last.

    ``replace``: what has the name goes, where that is a regular file of this user. Raises OSError,
    FileExistsError for a name that is taken.
    """
    if replace:
        refuse_to_replace(path)
        hidden.replace(path)
        sync_directory(path.parent)
    else:
        move(hidden, path)


def refuse_to_replace(path: Path) -> None:
    """Raise OSError for what has a name and is no regular file of this user."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "what is there is no regular file", str(path))
    if found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "what is there belongs to another user", str(path))


def move(source: Path, target: Path) -> None:
    """Rename a file or a directory, durably; what has the other name stays.

    Raises FileExistsError where something has it, and OSError.
    """
    if not _renamed(source, target):
        move_over_own(source, target)
    for folder in {source.parent, target.parent}:
        sync_directory(folder)


def remove(path: Path) -> None:
    """Remove a file of ours; nothing there is fine. Raises OSError."""
    path.unlink(missing_ok=True)


def create_socket(path: Path) -> socket.socket:
    """Make a Unix socket that listens, mode 0600; one of this user that is left there goes.

    Only for who holds the place: nobody else listens there. Raises DamageError for what is no
    socket of this user, and OSError.
    """
    refuse_other_than_socket(path)
    remove(path)
    made = socket.socket(socket.AF_UNIX)
    try:
        made.setblocking(False)
        with suppress(OSError):  # on Linux that is the mode that it is made with
            os.fchmod(made.fileno(), 0o600)
        with address_of(path) as address:
            made.bind(address)
        if stat.S_IMODE(os.lstat(path).st_mode) != 0o600:
            path.chmod(0o600)
        made.listen()
    except BaseException:
        made.close()
        raise
    return made


def remove_tree(path: Path) -> None:
    """Remove a directory of ours with all that is in it, as far as that can be done."""
    shutil.rmtree(path, ignore_errors=True)


def make_directory(path: Path) -> list[Path]:
    """Make a directory, mode 0700, with those above it; returns what was not there, top first.

    Raises OSError.
    """
    if path.is_dir():
        return []
    made = [] if path.parent.exists() else make_directory(path.parent)
    try:
        path.mkdir(0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
        return made
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)
    sync_directory(path.parent)
    return [*made, path]


def remove_directories(made: list[Path]) -> None:
    """Remove directories that this process made, as far as they are empty."""
    for path in reversed(made):
        try:
            path.rmdir()
        except OSError:
            return


def sync_file(file: int) -> None:
    """Make what was written to an open file durable, and its size. Raises OSError."""
    try:
        getattr(os, "fdatasync", os.fsync)(file)  # macOS has the other one only
    except OSError as error:
        if error.errno not in _IMPOSSIBLE:
            raise
        what = f"this file system can't make content last (fsync: {error.strerror})"
        raise OSError(errno.ENOTSUP, what) from error


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable. Raises OSError."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    except OSError as error:
        if error.errno not in _IMPOSSIBLE:  # some file systems sync files only
            raise
    finally:
        os.close(directory)


def _renamed(source: Path, target: Path) -> bool:
    """Rename in one step that replaces nothing; False where kernel or file system have none."""
    here = -100  # AT_FDCWD
    if _renameat2 is None:
        return False
    if not _renameat2(here, os.fsencode(source), here, os.fsencode(target), _NOREPLACE):
        return True
    number = ctypes.get_errno()
    if number in _IMPOSSIBLE:
        return False
    raise OSError(number, os.strerror(number), str(source), None, str(target))


def move_over_own(source: Path, target: Path) -> None:
    """Take the name with something empty, and rename over that."""
    if source.is_dir():
        target.mkdir(0o700)
        take_back = target.rmdir
    else:
        os.close(create_file(target))
        take_back = target.unlink
    try:
        source.rename(target)
    except OSError:
        with suppress(OSError):
            take_back()
        raise
