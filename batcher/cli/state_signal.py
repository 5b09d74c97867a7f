"""SIGUSR1: a command says on standard error where it stands, and goes on.

From the first line of ``main`` to the end of the process the signal has a handler of ours, or is
ignored: what it does by default is to end a process. Light: every start imports it.
"""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeAlias

from batcher.printable_text import printable

State: TypeAlias = Callable[[], Iterable[str]]
"""Where a command stands, in lines."""

Soon: TypeAlias = Callable[[Callable[[], None]], object]
"""Has an event loop call something, from within a signal handler."""

NOTHING_YET = "It is at work, and has nothing to tell of how far it is at this moment."


def begin_to_tell() -> None:
    """Have the signal answered, unless whoever started this has it ignored."""
    if signal.getsignal(signal.SIGUSR1) is not signal.SIG_IGN:
        signal.signal(signal.SIGUSR1, _handler(lambda: [NOTHING_YET]))


def tell_no_more() -> None:
    """Have the signal ignored, up to the end of the process."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)


@contextmanager
def told_on_signal(state: State) -> Iterator[None]:
    """While entered the signal writes these lines, whatever else the process is about.

    They are asked for in the midst of that, so they must change nothing.
    """
    with _handled_by(_handler(state)):
        yield


@contextmanager
def called_on_signal(tell: Callable[[], None], soon: Soon) -> Iterator[None]:
    """While entered the signal has the event loop call that, beside what else it does."""

    def handle(_: int, __: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            soon(tell)

    with _handled_by(handle):
        yield


@contextmanager
def asked_again(ask: Callable[[], None], soon: Soon) -> Iterator[None]:
    """While entered, have a question stand below what the signal has written."""
    before = signal.getsignal(signal.SIGUSR1)

    def handle(number: int, frame: FrameType | None) -> None:
        write_now([""])
        if callable(before):
            before(number, frame)
        with suppress(RuntimeError):
            soon(ask)

    if not callable(before):
        yield
        return
    with _handled_by(handle):
        yield


def write_now(lines: Iterable[str]) -> None:
    """Write lines at once, past every buffer, as far as standard error takes them just now."""
    as_message = getattr(sys.stderr, "as_message", None)
    form = as_message or (lambda line: printable(line) + "\n")
    left = memoryview("".join(map(form, lines)).encode("utf-8", "backslashreplace"))
    poll = select.poll()
    with suppress(OSError, ValueError):  # nobody is there to be told
        poll.register(2, select.POLLOUT)
        while left and any(event & select.POLLOUT for _, event in poll.poll(0)):
            left = left[os.write(2, left[: select.PIPE_BUF]) :]


def _handler(state: State) -> Callable[[int, FrameType | None], None]:
    def handle(_: int, __: FrameType | None) -> None:
        with suppress(Exception):  # what can't be told is no reason to end anything
            write_now(state())

    return handle


@contextmanager
def _handled_by(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGUSR1, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before or signal.SIG_DFL)
