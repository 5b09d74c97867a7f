"""Very many lines that are needed again soon, in any order: the most of them in a file, no name."""

import os
import weakref
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from batcher.errors import OutputError

IN_MEMORY = 1 << 22  # bytes that are held until they go to the file together
PAGE = 1 << 10  # bytes read for a line at first

_ADVICE = "Set TMPDIR to a directory with room for it"


class SpooledLines:
    """Lines, each found again by where it begins. Raises OutputError where the file has no place.

    ``in_memory``: so many bytes are held before there is a file, which goes with this object;
    ``place``: the directory that it is in, None for that of all temporary files.
    """

    def __init__(self, in_memory: int = IN_MEMORY, place: Path | None = None) -> None:
        self._in_memory = in_memory
        self._place = place
        self._held = bytearray()
        self._spilled = 0  # bytes in the file
        self._file: IO[bytes] | None = None

    def __repr__(self) -> str:
        return f"<SpooledLines: {self._spilled + len(self._held):,} bytes>"

    def put(self, line: bytes) -> int:
        """Add a line without a newline in it; returns where it begins."""
        begin = self._spilled + len(self._held)
        self._held += line
        self._held += b"\n"
        if len(self._held) > self._in_memory:
            self._spill()
        return begin

    def at(self, begin: int) -> bytes:
        """The line that begins there."""
        if (own := begin - self._spilled) >= 0:
            return bytes(memoryview(self._held)[own : self._held.index(b"\n", own)])
        assert self._file is not None
        size = PAGE
        while (end := (found := os.pread(self._file.fileno(), size, begin)).find(b"\n")) < 0:
            size *= 4
        return found[:end]

    def _spill(self) -> None:
        try:
            if self._file is None:
                # a buffer of its own would be written again when it is closed
                file = TemporaryFile(dir=self._place, buffering=0)  # noqa: SIM115 # closed at the end
                self._file = file
                weakref.finalize(self, self._file.close)
            self._file.seek(self._spilled)
            written = 0
            while written < len(self._held):
                with memoryview(self._held)[written:] as left:
                    written += self._file.write(left)
        except OSError as error:
            why = f"there is no place for what is to be read again: {error.strerror}. {_ADVICE}."
            raise OutputError(why) from error
        self._spilled += len(self._held)
        self._held.clear()
