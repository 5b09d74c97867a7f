"""Long text on a terminal, page by page, as git shows it; nothing of it goes to standard output.

The text is kept in a file without a name until all of it is there: a reader who takes his time, or
leaves early, holds nothing up.
"""

import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO, cast

import anyio
from anyio.abc import Process
from rich.console import Console

from batcher.cli.output.progress import is_dumb

DEFAULT = "less"
NO_PAGER = ("", "cat")
OPTIONS = {"LESS": "FRX", "LV": "-c"}  # where the user has set none: colours, no other screen
LEFT_TO_END = 2.0  # seconds from SIGTERM to SIGKILL
NOT_STARTED = (126, 127)  # exit codes of a shell that can't start it


def pager_command(environ: Mapping[str, str]) -> str | None:
    """The command that shows text page by page; None: it is wanted all at once."""
    named = (environ.get(name) for name in ("BATCHER_PAGER", "PAGER"))
    command = next((each for each in named if each is not None), DEFAULT).strip()
    return None if command in NO_PAGER else command


class PagedText(io.TextIOBase):
    """Text for people on standard error, kept back until ``show`` where that is a terminal.

    ``wanted``: whether a pager may show it.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._command = None
        if wanted and sys.stderr.isatty() and not is_dumb():
            self._command = pager_command(os.environ)
        self._file: io.TextIOWrapper | None = None
        if self._command is not None:
            with suppress(OSError):  # then all of it is written at once
                file = TemporaryFile()  # noqa: SIM115 # closed when it was shown
                self._file = io.TextIOWrapper(file, "utf-8", "backslashreplace")

    def writable(self) -> bool:
        return True

    def console(self) -> Console:
        """What writes to it, in colour and lines as for standard error."""
        terminal = sys.stderr.isatty()
        if self._file is None:
            return Console(stderr=True, highlight=False, soft_wrap=not terminal)
        width = Console(stderr=True).width
        file = cast(IO[str], self)
        return Console(file=file, force_terminal=True, width=width, highlight=False)

    def write(self, text: str) -> int:
        if self._file is not None:
            try:
                return self._file.write(text)
            except OSError:  # the disk is full: all of it, and what is to come, at once
                self.print_all()
        return sys.stderr.write(text)

    def print_all(self) -> None:
        """Write all that was kept back, and keep nothing back from now on."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with file, suppress(OSError):
            file.seek(0)
            for line in file:
                sys.stderr.write(line)
        sys.stderr.flush()

    async def show(self) -> None:
        """Show it, page by page where it is longer than the terminal is high."""
        if self._file is None or self._command is None or not self._is_long(self._file):
            self.print_all()
            return
        self._file.flush()
        self._file.seek(0)
        if await _page(self._command, self._file.fileno()) in NOT_STARTED:
            self.print_all()
            return
        self._file.close()
        self._file = None

    def _is_long(self, file: io.TextIOWrapper) -> bool:
        with suppress(OSError):
            rows = os.get_terminal_size(sys.stderr.fileno()).lines
            file.seek(0)
            return sum(1 for _, _ in zip(range(rows), file, strict=False)) >= rows
        return False


async def _page(command: str, text: int) -> int:
    """Have a pager show the text of a descriptor; returns its exit code."""
    environ = OPTIONS | dict(os.environ)
    terminal = sys.stderr.fileno()
    process = await anyio.open_process(
        ["sh", "-c", command], stdin=text, stdout=terminal, stderr=terminal, env=environ
    )
    try:
        with _keys_are_the_pagers():
            return await process.wait()
    finally:
        await _end(process)


@contextmanager
def _keys_are_the_pagers() -> Iterator[None]:
    """While entered Ctrl-C means what the pager makes of it."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def _end(process: Process) -> None:
    """End a pager that is left open by a signal; it puts the terminal right itself."""
    if process.returncode is not None:
        return
    with anyio.CancelScope(shield=True), suppress(ProcessLookupError):
        process.terminate()
        with anyio.move_on_after(LEFT_TO_END):
            await process.wait()
            return
        process.kill()
        await process.wait()
