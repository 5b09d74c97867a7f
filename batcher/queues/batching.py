"""Requests that come one by one and leave in batches: what comes while a batch is under way goes
with the next.

Nothing waits for a batch to fill. What an entry means is the owner's to know.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import anyio

E = TypeVar("E")

Send = Callable[[Sequence[E]], Awaitable[Sequence[str | None]]]
"""Sends a batch; returns for each entry None, or what was wrong with it.

Raises when the whole request failed.
"""


class _Place(Generic[E]):
    """An entry in line, and what became of it."""

    __slots__ = ("entry", "error", "settled", "wrong")

    def __init__(self, entry: E) -> None:
        self.entry = entry
        self.settled = False
        self.wrong: str | None = None
        self.error: Exception | None = None


class RequestBatcher(Generic[E]):
    """Batches of at most ``size`` entries, one under way at a time."""

    def __init__(self, send: Send[E], size: int) -> None:
        self._send = send
        self._size = size
        self._line: list[_Place[E]] = []
        # not a fast one: what is asked for in the same turn of the loop goes together
        self._sending = anyio.Lock()

    async def __call__(self, entry: E) -> str | None:
        """Send an entry with whatever else is in line; returns what was wrong with it, or None.

        Cancelled while it waits, it may be sent all the same.
        """
        place = _Place(entry)
        self._line.append(place)
        async with self._sending:
            while not place.settled:
                await self._next_batch()
        if place.error is not None:
            raise place.error
        return place.wrong

    async def _next_batch(self) -> None:
        batch, self._line = self._line[: self._size], self._line[self._size :]
        with anyio.CancelScope(shield=True):  # others wait for it too
            try:
                answers = await self._send([place.entry for place in batch])
            except Exception as error:
                for place in batch:
                    place.settled, place.error = True, error
                return
        for place, wrong in zip(batch, answers, strict=True):
            place.settled, place.wrong = True, wrong
