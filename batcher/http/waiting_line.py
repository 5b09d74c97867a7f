"""Who waits for a connection, and who goes next. Time is an argument, in seconds."""

import asyncio
from collections import OrderedDict
from typing import Generic, TypeVar

from batcher.http.origin import Origin

PATIENCE = 0.5  # seconds that the first of all waits while others are served before

T = TypeVar("T")


class WaitingLine(Generic[T]):
    """Futures of those who wait, by host, first come first. Whoever goes next is told by them."""

    def __init__(self) -> None:
        self._lines: dict[Origin, OrderedDict[asyncio.Future[T], float]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __bool__(self) -> bool:
        return bool(self._lines)

    def join(self, origin: Origin, place: "asyncio.Future[T]", now: float) -> None:
        self._lines.setdefault(origin, OrderedDict())[place] = now

    def leave(self, origin: Origin, place: "asyncio.Future[T]") -> None:
        """Go without having been called."""
        if (line := self._lines.get(origin)) is not None:
            line.pop(place, None)
            if not line:
                del self._lines[origin]

    def call(
        self, now: float, origin: Origin | None = None
    ) -> "tuple[Origin, asyncio.Future[T]] | None":
        """Take out who goes next, and say for which host; None: nobody waits.

        That is the first for ``origin``, as long as the first of all did not wait too long.
        """
        self._drop_cancelled()
        if not self._lines:
            return None
        first = min(self._lines, key=self._since)
        if origin in self._lines and now - self._since(first) < PATIENCE:
            first = origin
        place, _ = self._lines[first].popitem(last=False)
        if not self._lines[first]:
            del self._lines[first]
        return first, place

    def _since(self, origin: Origin) -> float:
        return next(iter(self._lines[origin].values()))

    def _drop_cancelled(self) -> None:
        """Forget those at the front who were cancelled, and did not come to leave yet."""
        for origin, line in list(self._lines.items()):
            while line and next(iter(line)).done():
                line.popitem(last=False)
            if not line:
                del self._lines[origin]
