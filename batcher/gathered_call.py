"""A call that may be wanted a thousand times a second, and is made now and then for all of them."""

import asyncio
from collections.abc import Callable

OF_ALL_TIME = 0.05  # of the time of the event loop, which stands still meanwhile, at most


class GatheredCall:
    """Makes a call at once where that was not wanted for a while, else with those that follow.

    From the end of one to the next pass ``apart`` seconds, and more where each takes long. Without
    an event loop it is made at once. What is still due when the loop ends is its owner's to make.
    """

    def __init__(self, call: Callable[[], object], apart: float) -> None:
        self._call = call
        self._apart = apart
        self._next_at = 0.0  # by the clock of the event loop
        self._due: asyncio.AbstractEventLoop | None = None

    def want(self) -> None:
        """Have it made, soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._call()
            return
        if self._due is loop:
            return
        if (wait := self._next_at - loop.time()) <= 0:
            self._make(loop)
        else:
            self._due = loop
            loop.call_later(wait, self._make, loop)

    def _make(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = None
        began = loop.time()
        self._call()
        ended = loop.time()
        self._next_at = ended + max(self._apart, (ended - began) / OF_ALL_TIME)
