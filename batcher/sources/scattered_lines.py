"""Single lines of a file read again, many at a time: those that stand together at one stroke."""

import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO

GAP = 4096  # bytes between two lines that are read rather than left out; and behind the last one
STROKE = 1 << 20  # bytes from the first line to the last one of a stroke


def lines_from(file: BinaryIO, offsets: Sequence[int]) -> Iterator[bytes | None]:
    """The line that begins at each offset, with its end; these ascend.

    None where that takes more than one stroke, or can't be read: who wants it reads it by itself.
    """
    for begin, end in _strokes(offsets):
        first = offsets[begin]
        content = _read(file, first, offsets[end - 1] - first + GAP)
        for offset in offsets[begin:end]:
            at = offset - first
            upto = content.find(b"\n", at) + 1
            yield content[at:upto] if upto else None


def _strokes(offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    """From which place up to, and without, which other they are read together."""
    begin = 0
    for place in range(1, len(offsets) + 1):
        if (
            place == len(offsets)
            or offsets[place] - offsets[place - 1] > GAP
            or offsets[place] - offsets[begin] > STROKE
        ):
            yield begin, place
            begin = place


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    try:
        return os.pread(file.fileno(), size, offset)
    except OSError:
        return b""
