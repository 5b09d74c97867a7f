"""A file of updates as a stream of lines with their places, whatever it is packed in.

What a line says is not looked at here. Whatever the operating system or a decoder says is an
InputError with the name of the file and the place.
"""

import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batcher.errors import InputError
from batcher.sources.checksum import ChecksumReader
from batcher.sources.decompression import decompressed
from batcher.sources.read_errors import damage, reason
from batcher.updates.input_hint import LOOKED_AT
from batcher.updates.line_reader import LINE_AT_MOST

BOM = b"\xef\xbb\xbf"

Line = tuple[int, int, bytes]
"""Line number from 1, offset in the unpacked bytes, and the bytes (of an overlong line some)."""


class InputFile:
    """An open file of updates: its unpacked ``stream``, and the ``checksum`` of what is stored.

    ``head``: the first bytes, unpacked, from the first line on.
    """

    def __init__(self, path: Path, file: io.FileIO, name: str) -> None:
        self.path = path
        self.head = b""
        self.checksum = ChecksumReader(file, name, _size(file))
        self.stream = decompressed(path, self.checksum, name)

    def lines(self) -> Iterator[Line]:
        """Every line that is not blank, without the BOM; of a longer one the first 1 MiB."""
        number = offset = 0
        readline = self.stream.readline
        try:
            self.head = self.stream.peek(LOOKED_AT)[:LOOKED_AT]
            while raw := readline(LINE_AT_MOST + 1):
                number += 1
                start = offset
                offset += (length := len(raw))
                if length > LINE_AT_MOST and raw[-1:] != b"\n":
                    offset += self._skip_line()
                is_long = length > LINE_AT_MOST  # as it stands: what is cut off may be anything
                if not start and raw.startswith(BOM) and not is_long:
                    start, raw = len(BOM), raw[len(BOM) :] or b"\n"
                if is_long or not raw.isspace():
                    yield number, start, raw
        except (OSError, EOFError, zlib.error) as error:
            place = f"noticed after line {number}"
            raise InputError(f"{self.path}: {damage(error)}; {place}") from error

    def content(self, most: int) -> bytes:
        """The unpacked bytes, whole or the first of them, as they are."""
        try:
            return self.stream.read(most)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{self.path}: {damage(error)}") from error

    def _skip_line(self) -> int:
        """Read on to the end of a line; returns how many bytes that were."""
        skipped = 0
        while part := self.stream.readline(LINE_AT_MOST):
            skipped += len(part)
            if part.endswith(b"\n"):
                break
        return skipped


@contextmanager
def open_input(path: Path, name: str | None = None) -> Iterator[InputFile]:
    """Open a file of updates. ``name``: what people know it by, where that is another.

    Raises InputError when it can't be opened, or is not packed as its name says.
    """
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from error
    with file:
        yield InputFile(path, file, name or str(path))


def _size(file: io.FileIO) -> int | None:
    """How much is in an open file; None of what is none, and where the file system can't tell."""
    found = os.fstat(file.fileno())
    return found.st_size or None if stat.S_ISREG(found.st_mode) else None
