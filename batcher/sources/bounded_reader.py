"""Bytes on their way in, which go on for ever in no way: lines, blanks, what is unpacked, streams.

No file of updates comes near these bounds; a device, a bomb and a pipe that never ends pass them.
"""

import io
from collections.abc import Callable
from typing import Any

from batcher.errors import InputError

LINE = 16 << 20  # bytes of one line; from 1 MiB on it is invalid
BLANKS = 2 << 20  # bytes of nothing but blanks
UNPACKED = 1 << 30  # bytes that whatever is stored may unpack to
RATIO = 250  # bytes unpacked for each that is stored, beyond that
STREAMED = 64 << 30  # bytes of what has no end that is known


class BoundedReader(io.RawIOBase):
    """Passes bytes on, and raises InputError where they pass a bound.

    ``name``: what people know the input by. ``most``: bytes in all; it may grow with what is read.
    """

    def __init__(
        self, raw: io.RawIOBase, name: str, most: Callable[[], float] = lambda: STREAMED
    ) -> None:
        self._raw = raw
        self._name = name
        self._most = most
        self._passed = self._since_line_end = self._since_text = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._raw.readinto(buffer)
        if count is None:  # of a descriptor that does not block: no end, and not to be taken for it
            raise InputError(f"{self._name}: gives nothing at the moment. Try again.")
        self._count(bytes(memoryview(buffer)[:count]))
        return count

    def _count(self, block: bytes) -> None:
        self._passed += len(block)
        at, text = block.rfind(b"\n"), len(block.rstrip())
        self._since_line_end = len(block) - at - 1 + (self._since_line_end if at < 0 else 0)
        self._since_text = len(block) - text + (0 if text else self._since_text)
        if self._since_line_end > LINE:
            raise self._refused(f"has a line of more than {LINE:,} bytes")
        if self._since_text > BLANKS:
            raise self._refused(f"has more than {BLANKS:,} bytes of nothing but blanks")
        if self._passed > (most := self._most()):
            raise self._refused(f"gives more than {most:,} bytes")

    def _refused(self, what: str) -> InputError:
        return InputError(
            f"{self._name}: {what} (noticed at byte {self._passed:,}): no file of updates does."
            " Nothing more of it was read."
        )
