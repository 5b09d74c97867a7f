"""Standard input, output and error as every command has them; opened here and nowhere else.

What goes to standard output arrives whole, or is an OutputError. What goes to standard error is for
people: where nobody takes it, it is left out and holds nothing up. Both take any text; neither
blocks in the kernel, so that a signal can end a command that waits for a reader.
"""

import io
import os
import select
import sys
from importlib import import_module
from typing import Any

PATIENCE = 5.0  # seconds that standard error may stand still before text for it is left out


def open_standard_streams() -> None:
    """Take the place of Python's own, also where a descriptor was closed by who started this."""
    _occupy()
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stdin = io.TextIOWrapper(io.BufferedReader(StandardInput(0)), "utf-8", "surrogateescape")
    sys.stdout = _text(StandardOutput(1), "utf-8", by_line=False)
    sys.stderr = _text(StandardError(2), encoding, by_line=True)


def hurry() -> None:
    """From now on wait for no reader: the command was interrupted."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, StandardOutput):
        raw.patience = 0.0


class _Descriptor(io.RawIOBase):
    """A descriptor that is not this object's to close. ``patience``: seconds to wait, or None."""

    name: str
    patience: float | None = None

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def _is_ready(self, event: int) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, event)
        return bool(poll.poll(None if self.patience is None else self.patience * 1000))


class StandardInput(_Descriptor):
    """Waits for what is not there yet, also where somebody made the descriptor non-blocking."""

    name = "<stdin>"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            try:
                return os.readv(self._descriptor, [buffer])
            except BlockingIOError:
                self._is_ready(select.POLLIN)


class _Output(_Descriptor):
    def writable(self) -> bool:
        return True

    def _write_all(self, content: Any) -> bool:
        """Whether all of it was taken in time. Raises OSError."""
        left = memoryview(content).cast("B")
        while left and self._is_ready(select.POLLOUT):
            try:  # as much as a pipe that is ready takes at once
                left = left[os.write(self._descriptor, left[: select.PIPE_BUF]) :]
            except BlockingIOError:
                continue
        return not left


class StandardOutput(_Output):
    """Takes all, or raises OutputError; after a part that did not fit it takes nothing more."""

    name = "<stdout>"
    _is_cut = False

    def write(self, content: Any) -> int:
        if not self._is_cut:
            self._is_cut = True  # until it is there: whatever ends this may end it half-way
            try:
                self._is_cut = not self._write_all(content)
            except OSError as error:
                errors = import_module("batcher.errors")  # not at every start
                raise errors.OutputError(
                    f"standard output: can't be written: {error.strerror}. What was written to it"
                    " is not whole. Put that right and give the same command again."
                ) from error
        return len(content)


class StandardError(_Output):
    """Takes all, and leaves out what nobody takes."""

    name = "<stderr>"

    def __init__(self, descriptor: int, patience: float = PATIENCE) -> None:
        super().__init__(descriptor)
        self.patience = self._patience = patience

    def write(self, content: Any) -> int:
        try:
            is_taken = self._write_all(content)
        except OSError:  # nobody is there to be told
            is_taken = True
        self.patience = self._patience if is_taken else 0.0
        return len(content)


def _text(raw: _Output, encoding: str, *, by_line: bool) -> io.TextIOWrapper:
    at_once = by_line or raw.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=at_once
    )


def _occupy() -> None:
    """Have no file of ours get the number of a closed one, and be written to by mistake.

    What takes the place can't be used: to read or to write it is the error that it was before.
    """
    for descriptor, unusable in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, unusable)  # the lowest that is free
