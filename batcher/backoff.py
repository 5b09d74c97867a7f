"""Pauses that grow: how long to wait before what failed is tried again.

Whether to try again is the caller's to decide. A request to AWS has its own rules, in
``engine.retrying``.
"""

import random


class Backoff:
    """Pauses, in seconds, that double from ``first`` up to ``longest``.

    Each is shortened at random by up to a part ``jitter`` of it, so that what failed together does
    not come back together.
    """

    def __init__(self, first: float, longest: float, *, jitter: float = 0.25) -> None:
        self._first = self._pause = first
        self._longest = longest
        self._jitter = jitter

    def next_pause(self) -> float:
        """How long to wait after one more failure."""
        pause, self._pause = self._pause, min(2 * self._pause, self._longest)
        return pause * random.uniform(1 - self._jitter, 1.0)

    def reset(self) -> None:
        """Begin with ``first`` again, after a success."""
        self._pause = self._first
