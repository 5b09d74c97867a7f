"""Opening what updates come in: plain, gzip or zstd, as a stream of lines with their places.

Bytes and lines only; what a line says is not looked at here. Whatever the operating system or a
decoder says is an InputError with the name of the file and the place.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from batcher.errors import InputError
from batcher.optional_imports import optional_module
from batcher.updates.line_reader import LINE_AT_MOST

BLOCK = 1 << 18  # bytes read at once
BOM = b"\xef\xbb\xbf"
COMPRESSED = (".gz", ".zst")

Line = tuple[int, int, bytes]
"""Line number from 1, offset in the unpacked bytes, and the bytes; of an overlong line only the
beginning.
"""


def digest_of(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file. Raises InputError."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), found
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from error


class Digest(io.RawIOBase):
    """Passes the bytes of a file on, and keeps their number and SHA-256."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer) or 0
        self._sha256.update(memoryview(buffer)[:count])
        self.size += count
        return count


class InputFile:
    """An open file of updates: ``line_reader`` once, and the ``digest`` of the bytes as they are
    stored.
    """

    def __init__(self, path: Path, file: io.FileIO) -> None:
        self.path = path
        self.digest = Digest(file)
        self.stream = _unpacked(path, self.digest)

    def lines(self) -> Iterator[Line]:
        """Every line that is not blank, without the BOM. Holds no more than about 1 MiB of one."""
        number = offset = 0
        readline = self.stream.readline
        try:
            while raw := readline(LINE_AT_MOST + 1):
                number += 1
                start = offset
                offset += len(raw)
                if len(raw) > LINE_AT_MOST and raw[-1:] != b"\n":
                    offset += self._skip_line()
                if number == 1 and raw.startswith(BOM):
                    start, raw = len(BOM), raw[len(BOM) :] or b"\n"
                if not raw.isspace():
                    yield number, start, raw
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{self.path}: {damage(error)}; noticed after line {number}"
            ) from error

    def _skip_line(self) -> int:
        skipped = 0
        while part := self.stream.readline(LINE_AT_MOST):
            skipped += len(part)
            if part.endswith(b"\n"):
                break
        return skipped


@contextmanager
def open_input(path: Path) -> Iterator[InputFile]:
    """Open a file of updates by its suffix. Raises InputError when it can't be opened."""
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from error
    with file:
        yield InputFile(path, file)


def reason(error: OSError) -> str:
    """Why the operating system said no, in words."""
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "that is a directory; give a file"
        case PermissionError():
            return "no permission to read or write it"
    return error.strerror or str(error)


def damage(error: Exception) -> str:
    """What is wrong with compressed bytes, in words."""
    match error:
        case EOFError():
            return "the compressed data ends too early (truncated?)"
        case gzip.BadGzipFile() | zlib.error():
            return "the compressed data is damaged, or is no such data at all"
        case OSError():
            return f"can't be read: {reason(error)}"
    return str(error)


def _unpacked(path: Path, raw: io.RawIOBase) -> BinaryIO:
    if path.suffix == ".gz":
        # GzipFile has all it takes to be a raw stream but the base class; its own readline is
        # slower than this.
        return io.BufferedReader(
            cast(io.RawIOBase, gzip.GzipFile(fileobj=io.BufferedReader(raw, BLOCK))), BLOCK
        )
    if path.suffix == ".zst":
        missing = InputError(f"{path}: to read .zst files: pip install zstandard")
        zstd = optional_module("batcher.sources.zstd_reader", missing)
        return io.BufferedReader(zstd.ZstdReader(io.BufferedReader(raw, BLOCK)), BLOCK)
    return io.BufferedReader(raw, BLOCK)
