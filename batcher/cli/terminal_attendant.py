"""Between the waves of a run: what a terminal shows and asks."""

import sys
from collections.abc import Awaitable, Callable
from typing import Protocol

from anyio.abc import TaskStatus

from batcher.cli.output.echo import echo
from batcher.cli.output.prompt import confirmed
from batcher.cli.output.summary import changed_lines
from batcher.jobs.waves import ChangedUpdates
from batcher.records import Summary


class Listen(Protocol):
    """Listens for signals; started once it does."""

    def __call__(self, *, task_status: TaskStatus[None]) -> Awaitable[None]: ...


class TerminalAttendant:
    """An Attendant for people: all that is told goes to standard error."""

    def __init__(self, say_summary: Callable[[Summary], None], listen: Listen) -> None:
        self._say_summary = say_summary
        self._listen = listen

    def tell(self, text: str) -> None:
        echo(text, err=True)

    async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        """The answer on the terminal; without one it is no, and the summary is that of the end."""
        attended = sys.stdin.isatty()
        if attended:
            self._say_summary(summary)
        for line in changed_lines(changed, names_targets=isinstance(summary.targets, dict)):
            echo(line, err=True)
        return attended and await confirmed(question)

    async def listen(self, *, task_status: TaskStatus[None]) -> None:
        await self._listen(task_status=task_status)
