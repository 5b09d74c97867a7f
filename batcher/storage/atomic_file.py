"""Files that appear, or are replaced, as a whole: nobody may see half of one.

What is in them is their owners' business.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Self

import msgspec

from batcher.errors import OutputError, OutputExistsError
from batcher.storage.abandoned import HELD_IN, held_name, held_or_none, remove_abandoned
from batcher.storage.file_system import (
    create_file,
    hidden_name,
    put_in_place,
    refuse_to_replace,
    remove,
    sync_file,
)

BLOCK = 1 << 18  # bytes copied at once


def write_atomically(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a file, mode 0600: after a crash it is whole or as before. Raises OutputError."""
    with AtomicFile(path, replace=replace) as file:
        file.write(content)
        file.commit()


def refuse_taken(path: Path, *, replace: bool = False) -> None:
    """Say early what would be in the way of a file. Raises OutputExistsError, OSError."""
    if replace:
        refuse_to_replace(path)
    elif os.path.lexists(path):
        raise OutputExistsError(path)


def json_document(record: Any) -> bytes:
    """One JSON document, laid out for people to read."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def write_json(path: Path, record: Any) -> None:
    """Replace a file of ours by one JSON document for people to read. Raises OutputError."""
    write_atomically(path, json_document(record), replace=True)


def _hidden_file(path: Path) -> tuple[Path, int]:
    """A new hidden file beside that name, open, and held where that can be. Raises OSError."""
    for _ in range(HELD_IN):
        hidden = held_name(path)
        file = create_file(hidden)
        if is_held := held_or_none(file, hidden):
            return hidden, file
        os.close(file)
        remove(hidden)
        if is_held is None:
            break
    hidden = hidden_name(path)  # which nobody takes for left
    return hidden, create_file(hidden)


class AtomicFile:
    """A file, mode 0600, that is written hidden and put in place as a whole by ``commit``.

    ``mode``: another one, which it has once it is in place.
    ``replace``: a file of that name goes; else it stays, and ``commit`` says so. Without a path:
    standard output. Use as a context manager: what was not committed is removed. Raises
    OutputError, and OutputExistsError, from the start on, where the name is taken.
    """

    def __init__(
        self, path: Path | None, *, replace: bool = False, mode: int | None = None
    ) -> None:
        self._path = path
        self._replace = replace
        self._mode = mode
        self._hidden: Path | None = None  # while there is one
        self._file: BinaryIO

    def __enter__(self) -> Self:
        try:
            if self._path is None:
                self._file = sys.stdout.buffer
            else:
                refuse_taken(self._path, replace=self._replace)
                remove_abandoned(self._path.parent)
                self._hidden, file = _hidden_file(self._path)
                self._file = open(file, "wb")
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def write(self, content: bytes) -> None:
        """Take content as it is, newlines included."""
        try:
            self._file.write(content)
        except OSError as error:
            raise self._unwritable(error) from error

    def write_from(self, file: IO[bytes]) -> None:
        """Take all that is left of another file, part by part."""
        while block := file.read(BLOCK):
            self.write(block)

    def commit(self) -> None:
        """Put the file in place, its content and its name durable."""
        try:
            self._file.flush()
            if self._path is None or self._hidden is None:
                return
            if self._mode is not None:
                os.fchmod(self._file.fileno(), self._mode)
            sync_file(self._file.fileno())
            put_in_place(self._hidden, self._path, replace=self._replace)
        except FileExistsError as error:
            raise OutputExistsError(self._path) from error
        except OSError as error:
            raise self._unwritable(error) from error
        self._hidden = None

    def __exit__(self, *exception: object) -> None:
        if self._hidden is not None:
            with suppress(OSError):
                remove(self._hidden)
        if self._path is not None:
            with suppress(OSError):  # what could not be written was told of when it was
                self._file.close()

    def _unwritable(self, error: OSError) -> OutputError:
        where = "standard output" if self._path is None else str(self._path)
        return OutputError(
            f"{where}: can't be written: {error.strerror}. Put that right, or give another place."
        )
