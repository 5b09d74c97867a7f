"""TLS contexts that trust the certificates of one file, each made once a process.

To read those that the SDK comes with takes as long as two hundred updates, and clients of STS, of
Customer Profiles and of whoever gives credentials all trust the same.
"""

import os
import threading
from collections.abc import Callable
from ssl import SSLContext
from typing import Any


class TrustedFiles:
    """The contexts that were made, each for a file as it was then."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Any, SSLContext]] = {}
        self._making = threading.Lock()

    def context(self, path: str, make: Callable[[], SSLContext]) -> SSLContext:
        """The context for that file, as it is now; nobody changes it. Raises what ``make`` does."""
        with self._making:
            state = _state(path)
            found = self._made.get(path)
            if state is None or found is None or found[0] != state:
                found = self._made[path] = state, make()
            return found[1]


def _state(path: str) -> Any:
    """What tells whether a file is still the same; None: that can't be told."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
