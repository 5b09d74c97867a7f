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
from itertools import accumulate
from pathlib import Path

from msgspec import Struct

from batcher.errors import InputError
from batcher.sources.checksum import ChecksumReader
from batcher.sources.decompression import BLOCK, decompressed
from batcher.sources.read_errors import damage, reason
from batcher.updates.input_hint import LOOKED_AT
from batcher.updates.line_reader import LINE_AT_MOST

BOM = b"\xef\xbb\xbf"

Line = tuple[int, int, bytes]
"""Line number from 1, offset in the unpacked bytes, and the bytes (of an overlong line some)."""


class Chunk(Struct, frozen=True, kw_only=True):
    """Some lines of a file: the number and offset of the first, the bytes of all, how many."""

    number: int
    offset: int
    content: bytes
    count: int

    @property
    def numbers(self) -> range:
        """The numbers of its lines."""
        return range(self.number, self.number + self.count)

    def lines(self) -> Iterator[Line]:
        """The lines that are not blank."""
        number, offset = self.number, self.offset
        for raw in self.raw():
            if len(raw) > LINE_AT_MOST or not raw.isspace():
                yield number, offset, raw
            number += 1
            offset += len(raw)

    def places(self) -> tuple[list[int], list[bytes]]:
        """Offset and bytes of each line."""
        raw = self.raw()
        return list(accumulate(map(len, raw[:-1]), initial=self.offset)), raw

    def raw(self) -> list[bytes]:
        """Each line with its end, blank ones too."""
        return io.BytesIO(self.content).readlines()


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
        for chunk in self.chunks():
            yield from chunk.lines()

    def chunks(self) -> Iterator[Chunk]:
        """All lines, many at a time, without the BOM; of a longer one the first 1 MiB, alone."""
        lines = _Lines()
        try:
            self.head = self.stream.peek(LOOKED_AT)[:LOOKED_AT]
            while block := self.stream.read1(BLOCK):
                yield from lines.take(block)
            yield from lines.end()
        except (OSError, EOFError, zlib.error) as error:
            place = f"noticed after line {lines.begun}"
            raise InputError(f"{self.path}: {damage(error)}; {place}") from error

    def content(self, most: int) -> bytes:
        """The unpacked bytes, whole or the first of them, as they are."""
        try:
            return self.stream.read(most)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{self.path}: {damage(error)}") from error


class _Lines:
    """Cuts blocks of bytes into chunks of whole lines."""

    def __init__(self) -> None:
        self._number = 1  # of the next line, and where it begins
        self._offset = 0
        self._begin = b""  # of a line whose end is not there yet, and how much more of it there was
        self._dropped = 0

    @property
    def begun(self) -> int:
        """The number of the last line that is whole, or longer than a line may be."""
        return self._number - (len(self._begin) <= LINE_AT_MOST)

    def take(self, block: bytes) -> Iterator[Chunk]:
        """The lines that end in one more block."""
        if self._begin:
            end = block.find(b"\n") + 1
            self._extend(block[:end] if end else block)
            if not end:
                return
            block = block[end:]
            if len(self._begin) > LINE_AT_MOST:
                yield self._next(self._begin, 1)
            else:
                block = self._begin + block
            self._begin = b""
        if whole := block.rfind(b"\n") + 1:
            content = block[:whole]
            yield self._next(content, content.count(b"\n"))
        self._begin = block[whole:]

    def end(self) -> Iterator[Chunk]:
        """The last line, where it has no end."""
        if self._begin:
            yield self._next(self._begin, 1)

    def _extend(self, part: bytes) -> None:
        room = LINE_AT_MOST + 1 - len(self._begin)
        self._begin += part[:room]
        self._dropped += max(0, len(part) - room)

    def _next(self, content: bytes, count: int) -> Chunk:
        number, offset = self._number, self._offset
        self._number += count
        self._offset += len(content) + self._dropped
        self._dropped = 0
        if not offset and content.startswith(BOM):
            first = content.find(b"\n") + 1 or len(content)
            if first <= LINE_AT_MOST:  # a longer one as it stands: what is cut off may be anything
                offset, content = len(BOM), content[len(BOM) :] or b"\n"
        return Chunk(number=number, offset=offset, content=content, count=count)


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
