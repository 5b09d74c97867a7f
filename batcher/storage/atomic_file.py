"""Files replaced as a whole: the one way in which files are written that nobody may see half of.

What is in them is their owners' business.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

from batcher.errors import OutputError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file as a whole, mode 0600, durable when this returns. Raises OutputError."""
    with LinesFile(path) as file:
        file.write(content)
        file.keep()


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable. Raises OSError."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class LinesFile:
    """Lines on their way into a file, mode 0600, that ``keep`` puts in place as a whole; to
    standard output without a path.

    Use as a context manager: what was not kept is taken away. Raises OutputError.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._beside = None if path is None else path.with_name(f".{path.name}.new")
        self._file: BinaryIO

    def __enter__(self) -> Self:
        try:
            if self._beside is None:
                self._file = open(sys.stdout.fileno(), "wb", buffering=0, closefd=False)
            else:
                self._file = open(
                    os.open(
                        self._beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
                    ),
                    "wb",
                )
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def write(self, line: bytes) -> None:
        """Take one line, its newline included."""
        try:
            self._file.write(line)
        except OSError as error:
            raise self._unwritable(error) from error

    def keep(self) -> None:
        """Put the file in place; it is durable when this returns."""
        if self._path is None or self._beside is None:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._beside.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error

    def __exit__(self, *exception: object) -> None:
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)
        with suppress(OSError):  # what could not be written was told of when it was
            self._file.close()

    def _unwritable(self, error: OSError) -> OutputError:
        where = "standard output" if self._path is None else str(self._path)
        return OutputError(
            f"{where}: can't be written: {error.strerror}. Put that right, or give another place"
            " with --out."
        )
