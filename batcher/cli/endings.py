"""How a command ends on a signal. Light: every start imports it.

Of a command with an event loop see ``interruption``; of work in flight, ``batcher.signals``.
"""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, NoReturn

from batcher.cli.output.standard_streams import hurry
from batcher.cli.state_signal import tell_no_more

_UTF8 = "PYTHONUTF8"
_SOON = 0.001  # seconds
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def use_utf8() -> None:
    """Begin anew in Python's UTF-8 mode, where names of files would be read in another way.

    What batcher writes is UTF-8, and it has to find its files again, whatever the locale is.
    """
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get(_UTF8) != "1":
        os.execve(sys.executable, sys.orig_argv, {**os.environ, _UTF8: "1"})


def end_on_signals() -> None:
    """Have each of these signals raise KeyboardInterrupt, but for those that are ignored.

    As nohup has it for SIGHUP, and a shell for SIGINT to what it runs in the background.
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)
    signal.signal(signal.SIGALRM, interrupt)
    sys.unraisablehook = _interrupt_again


def ignore_signals() -> None:
    """Nothing interrupts the end."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    tell_no_more()
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def leave(code: int, *, interrupted: bool = False) -> NoReturn:
    """End the process; what another thread still waits for is not waited for.

    ``interrupted``: by a signal. Python would end itself by that, whatever the code, where it had
    come while a text was executed, as for each class of named tuples.
    """
    sys.stderr.flush()
    if interrupted or threading.active_count() > 1:
        os._exit(code)
    sys.exit(code)


def is_interruption(error: BaseException) -> bool:
    """Whether a signal has raised it, also where that came while a class was made.

    Python 3.11 then has a RuntimeError that is caused by it.
    """
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)


def interrupt(_: int, __: FrameType | None) -> None:
    """Handle a signal: end what the main thread does, here and now."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    hurry()
    raise KeyboardInterrupt


def _interrupt_again(lost: Any) -> None:
    """Interrupt soon what goes on after an interruption that Python can't raise.

    As that of what it calls to free an object, of which there is one at the end of each import.
    """
    if lost.exc_value is not None and is_interruption(lost.exc_value):
        signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        sys.__unraisablehook__(lost)
