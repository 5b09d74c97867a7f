"""How a signal ends a command, whatever that waits for: a file, an answer, a reader, a person.

The first SIGINT, SIGTERM or SIGHUP cancels what the event loop runs, so that what was begun is
cleared away. Where the loop does not get to it, as it waits for the operating system, it is
interrupted there; so it is by a second signal, at once. Work in flight has its own rules: see
``batcher.signals``.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import anyio

from batcher.cli.credential_notice import with_credential_notice
from batcher.cli.endings import ENDING, interrupt
from batcher.cli.output.standard_streams import hurry

T = TypeVar("T")

PATIENCE = 0.5  # seconds for a step of the event loop, after which it is interrupted
CLEARING = 10.0  # seconds for what was begun to be cleared away


def run_command(function: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Run a coroutine function to its end, which a signal brings about early.

    Raises KeyboardInterrupt when that was what ended it.
    """
    with with_credential_notice():
        return anyio.run(_run, function, arguments)


async def _run(function: Callable[..., Awaitable[T]], arguments: tuple[object, ...]) -> T:
    interruption = _Interruption()
    try:
        with interruption.on_signals():
            result = await function(*arguments)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return result
    except asyncio.CancelledError:
        if not interruption.is_told:
            raise
        raise KeyboardInterrupt from None


async def until_signal(function: Callable[[], Awaitable[None]]) -> None:
    """Await what is not worth an exit code: a signal ends it, and no more."""
    try:
        await function()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            raise  # not of a signal
        task.uncancel()


class _Interruption:
    """Of the task that it is made in. ``is_told``: a signal has come."""

    def __init__(self) -> None:
        self.is_told = False
        self._is_settled = False  # the task knows it, or has ended
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Until its end signals are for the task; what they meant before, they mean again then."""
        handlers = {**dict.fromkeys(ENDING, self._tell), signal.SIGALRM: self._time_is_over}
        before = {number: signal.getsignal(number) for number in handlers}
        try:
            for number, handler in handlers.items():
                if before[number] is not signal.SIG_IGN:
                    signal.signal(number, handler)
            yield
        finally:
            self._is_settled = True
            for number, meaning in before.items():
                signal.signal(number, meaning)

    def _tell(self, number: int, frame: FrameType | None) -> None:
        if self.is_told:
            interrupt(number, frame)
        self.is_told = True
        hurry()
        self._loop.call_soon_threadsafe(self._cancel)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def _cancel(self) -> None:
        """Called by the loop, which so is not stuck."""
        if not self._is_settled and self._task is not None:
            self._is_settled = True
            self._task.cancel()
            signal.setitimer(signal.ITIMER_REAL, CLEARING)

    def _time_is_over(self, number: int, frame: FrameType | None) -> None:
        self._is_settled = True
        try:
            interrupt(number, frame)
        finally:
            signal.setitimer(signal.ITIMER_REAL, CLEARING)
