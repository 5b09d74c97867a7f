"""How far a job is that only reads: a bar on a terminal, a plain line every few seconds elsewhere.

It says that nothing is sent.
"""

from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Protocol, Self

from rich.progress import TaskID

from batcher.cli.output.bar import bar
from batcher.cli.output.echo import echo
from batcher.cli.output.json_lines import machine_stream
from batcher.cli.output.progress import draws, pauses
from batcher.cli.state_signal import told_on_signal
from batcher.clock import SystemClock
from batcher.number_text import number


class _Now(Protocol):
    """As much of a clock as is needed: monotonic seconds."""

    def now(self) -> float: ...


FIRST = TaskID(0)  # the one task of the bar


class ReadingProgress:
    """Counts while it is entered. ``what`` is read, in the plural; ``total``: None if unknown.

    ``form``: how progress was asked for.
    """

    def __init__(
        self, what: str, total: int | None = None, *, form: str, clock: _Now | None = None
    ) -> None:
        self.done = 0
        self._what = what
        self._total = total
        self._shown = form != "none"
        self._clock = clock or SystemClock()
        self._began = self._told_at = self._clock.now()
        self._bar = bar() if draws(form) else None
        self._entered = ExitStack()

    def __str__(self) -> str:
        of = "" if self._total is None else f"/{number(self._total)}"
        return f"Only reads: {number(self.done)}{of} {self._what}"

    def __enter__(self) -> Self:
        self._entered.enter_context(told_on_signal(lambda: [str(self)]))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered.close()
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
        elif self._shown and self._is_due():
            with suppress(OSError):  # nobody reads it any more: no reason to stop
                self._tell()

    def advance(self) -> None:
        """Take in one more."""
        self.read(self.done + 1)

    def _is_due(self) -> bool:
        now = self._clock.now()
        if now - self._told_at < pauses(self._began, self._told_at):
            return False
        self._told_at = now
        return True

    def _tell(self) -> None:
        if (stream := machine_stream()) is None:
            echo(str(self), err=True)
        else:
            members = {"what": self._what, "done": self.done, "total": self._total}
            stream.put("reading", members)
