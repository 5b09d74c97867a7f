"""A terminal that can be looked at: what a person would see of what a command writes to it."""

import asyncio
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pyte


class Terminal:
    """One of so many columns and rows. ``theirs``: the descriptor for the command."""

    def __init__(self, columns: int, rows: int = 24) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.ByteStream(self.screen)
        self.written = bytearray()
        self._ours, self.theirs = pty.openpty()
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)
        self.screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        """What stands there, without empty lines."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read(self) -> None:
        """Take in what was written meanwhile."""
        try:
            while block := os.read(self._ours, 65536):
                self.written += block
                self._stream.feed(block)
        except OSError:  # nothing more just now, or the other side is closed
            return

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        for descriptor in (self._ours, self.theirs):
            os.close(descriptor)

    def open(self) -> None:
        os.set_blocking(self._ours, False)
        asyncio.get_running_loop().add_reader(self._ours, self.read)


@contextmanager
def terminal(columns: int, rows: int = 24) -> Iterator[Terminal]:
    """A terminal that is read all the time."""
    found = Terminal(columns, rows)
    found.open()
    try:
        yield found
    finally:
        found.close()
