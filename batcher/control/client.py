"""One request to a run or a worker at work, and its reply."""

import errno
import re
import socket
from contextlib import suppress
from pathlib import Path

from batcher.control.messages import (
    REPLY_AT_MOST,
    ControlReply,
    ControlRequest,
    as_line,
    read_reply,
)
from batcher.errors import ControlError, DamageError
from batcher.storage.file_lock import lock_of
from batcher.storage.near_paths import is_run, missing_run
from batcher.storage.regular_file import read_document
from batcher.storage.run_directory import RunDirectory
from batcher.storage.unix_socket import connect_socket

WITHIN = 10.0  # seconds for each step
_HOLDER = re.compile(r"process (?P<pid>\d+) on (?P<host>\S+)")


def tell(place: Path, request: ControlRequest) -> ControlReply:
    """Ask what is at work at a place: a run's directory, or a worker's socket.

    Raises ControlError where nothing is, or it refuses, and DamageError for what is no socket of
    this user.
    """
    path, lock = _names(place)
    if place.is_file():
        raise ControlError(_no_place(place))
    try:
        with connect_socket(path, WITHIN) as connection:
            connection.sendall(as_line(request))
            reply = read_reply(_line(connection))
    except TimeoutError as error:
        raise ControlError(
            f"{place}: gives no answer within {WITHIN:.0f} s: its process is stopped, or very busy."
            " Look for it (ps), and try again."
        ) from error
    except OSError as error:
        raise ControlError(_nobody(place, lock, error)) from error
    if reply.error is not None:
        raise ControlError(f"{place}: {reply.error}")
    return reply


def _names(place: Path) -> tuple[Path, Path]:
    """The socket of a place, and the lock that its process holds."""
    if place.is_dir():
        directory = RunDirectory(place)
        return directory.control, directory.lock
    return place, lock_of(place)


def _line(connection: socket.socket) -> bytes:
    said = b""
    while b"\n" not in said and len(said) <= REPLY_AT_MOST:
        part = connection.recv(1 << 16)
        if not part:
            break
        said += part
    return said


def _nobody(place: Path, lock: Path, error: OSError) -> str:
    """In words, why nothing can be told there, and what to do."""
    if error.errno not in (errno.ENOENT, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE):
        return f"{place}: can't be reached: {error.strerror or error}."
    holder = None
    with suppress(OSError, DamageError):
        holder = _HOLDER.match(read_document(lock).decode(errors="replace"))
    host = socket.gethostname()
    if holder and holder["host"] != host:
        return (
            f"{place}: is held by process {holder['pid']} on {holder['host']}, and this is {host}:"
            " a run or a worker can be told something on its own host only. Give the command there."
        )
    if not is_run(place) and not place.is_socket():
        return _no_place(place)
    return (
        f"{place}: nothing is at work there. Give the directory of a run that is sending, or the"
        " path of a worker's --control. To go on with a run, give its command again."
    )


def _no_place(place: Path) -> str:
    what = "nothing is at work there"
    return missing_run(place, what, ", or the path of a worker's --control")
