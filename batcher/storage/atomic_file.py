"""Files replaced as a whole: how files are written that nobody may see half of.

What is in them is their owners' business.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec

from batcher.errors import OutputError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file, mode 0600: after a crash it is the old or the new one. Raises OutputError."""
    with AtomicFile(path) as file:
        file.write(content)
        file.commit()


def write_json(path: Path, record: Any) -> None:
    """Replace a file by one JSON document for people to read. Raises OutputError."""
    write_atomically(path, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable. Raises OSError."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class AtomicFile:
    """A file, mode 0600, that is written hidden and put in place as a whole by ``commit``.

    Without a path: standard output. Use as a context manager: what was not committed is removed.
    Raises OutputError.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._hidden = None if path is None else path.with_name(f".{path.name}.new")
        self._file: BinaryIO

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            if self._hidden is None:
                self._file = open(sys.stdout.fileno(), "wb", buffering=0, closefd=False)
            else:
                self._file = open(os.open(self._hidden, flags, 0o600), "wb")
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def write(self, content: bytes) -> None:
        """Take content as it is, newlines included."""
        try:
            self._file.write(content)
        except OSError as error:
            raise self._unwritable(error) from error

    def commit(self) -> None:
        """Put the file in place, its content durable."""
        if self._path is None or self._hidden is None:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._hidden.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error

    def __exit__(self, *exception: object) -> None:
        if self._hidden is not None:
            self._hidden.unlink(missing_ok=True)
        with suppress(OSError):  # what could not be written was told of when it was
            self._file.close()

    def _unwritable(self, error: OSError) -> OutputError:
        where = "standard output" if self._path is None else str(self._path)
        return OutputError(
            f"{where}: can't be written: {error.strerror}. Put that right, or give another place"
            " with --out."
        )
