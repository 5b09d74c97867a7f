"""TLS contexts that trust the certificates of one file, each made once a process.

To read those that the SDK comes with takes as long as two hundred updates, and clients of STS, of
Customer Profiles and of whoever gives credentials all trust the same.
"""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext


class TrustedFiles:
    """The contexts that were made, each for what was in a file then.

    It is the content that counts: a file that is written in place may keep its size and its times.
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[bytes, SSLContext]] = {}
        self._making: dict[str, threading.Lock] = {}  # one whose disk hangs holds up no other

    def context(self, path: str, make: Callable[[], SSLContext]) -> SSLContext:
        """The context for that file, as it is now; nobody changes it. Raises what ``make`` does."""
        if not _is_file(path):  # as of a pipe, which is read but once
            return make()
        with self._making.setdefault(path, threading.Lock()):
            content, found = _content(path), self._made.get(path)
            if content is not None and found is not None and found[0] == content:
                return found[1]
            made = make()
            if content is not None and _content(path) == content:  # else it has read another one
                self._made[path] = content, made
            return made

    def let_go(self) -> None:
        """Wait for nobody who is reading one now, as those whom a fork has left behind."""
        self._making = {}


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _content(path: str) -> bytes | None:
    """What is in a file; None: it can't be read, and whoever needs it says why."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError):
        return None
