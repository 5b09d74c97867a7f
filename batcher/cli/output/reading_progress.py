"""How far a job is that only reads: a bar on a terminal, a plain line every few seconds elsewhere.

It says that nothing is sent.
"""

import sys
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from rich.progress import TaskID

from batcher.cli.output.bar import bar
from batcher.cli.output.echo import echo
from batcher.clock import SystemClock
from batcher.number_text import number


class _Now(Protocol):
    """As much of a clock as is needed: monotonic seconds."""

    def now(self) -> float: ...


EVERY_PLAIN = 5.0  # seconds between plain lines
FIRST = TaskID(0)  # the one task of the bar


class ReadingProgress:
    """Counts while it is entered. ``what`` is read, in the plural; ``total``: None if unknown."""

    def __init__(
        self, what: str, total: int | None = None, *, shown: bool = True, clock: _Now | None = None
    ) -> None:
        self.done = 0
        self._what = what
        self._total = total
        self._shown = shown
        self._clock = clock or SystemClock()
        self._told_at = self._clock.now()
        self._bar = bar(transient=True) if shown and sys.stderr.isatty() else None

    def __str__(self) -> str:
        of = "" if self._total is None else f"/{number(self._total)}"
        return f"Only reads: {number(self.done)}{of} {self._what}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def read(self, done: int, total: int | None = None) -> None:
        """Take in how many were read so far, and of how many where that is known by now."""
        self.done, self._total = done, total or self._total
        if self._bar is not None:
            if not self._bar.tasks:  # from the first on, below what was said before
                self._bar.start()
                self._bar.add_task("")
            self._bar.update(FIRST, completed=done, total=self._total, description=str(self))
        elif self._shown and self._clock.now() - self._told_at >= EVERY_PLAIN:
            self._told_at = self._clock.now()
            with suppress(OSError):  # nobody reads it any more: no reason to stop
                echo(str(self), err=True)

    def advance(self) -> None:
        """Take in one more."""
        self.read(self.done + 1)
