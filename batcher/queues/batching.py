"""Requests that come one by one and leave in batches.

What comes while a batch is under way goes with the next; nothing waits for a batch to fill. What an
entry means is the owner's to know.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import anyio

E = TypeVar("E")

Send = Callable[[Sequence[E]], Awaitable[Sequence[str | None]]]
"""Sends a batch; returns for each entry None, or what was wrong with it.

Raises when the whole request failed.
"""


class _Pending(Generic[E]):
    """An entry that was not sent yet, and what came of it."""

    __slots__ = ("done", "entry", "error", "wrong")

    def __init__(self, entry: E) -> None:
        self.entry = entry
        self.done = False
        self.wrong: str | None = None
        self.error: Exception | None = None


class RequestBatcher(Generic[E]):
    """Batches of at most ``size`` entries, one under way at a time."""

    def __init__(self, send: Send[E], size: int) -> None:
        self._send = send
        self._size = size
        self._pending: list[_Pending[E]] = []
        # not a fast one: what is asked for in the same turn of the event loop goes together
        self._sending = anyio.Lock()

    async def __call__(self, entry: E) -> str | None:
        """Send an entry with whatever else is pending; returns what was wrong with it, or None.

        Cancelled while it waits, it may be sent all the same.
        """
        pending = _Pending(entry)
        self._pending.append(pending)
        async with self._sending:
            while not pending.done:
                await self._send_next()
        if pending.error is not None:
            raise pending.error
        return pending.wrong

    async def _send_next(self) -> None:
        batch, self._pending = self._pending[: self._size], self._pending[self._size :]
        with anyio.CancelScope(shield=True):  # others wait for it too
            try:
                answers = await self._send([pending.entry for pending in batch])
            except Exception as error:
                for pending in batch:
                    pending.done, pending.error = True, error
                return
        for pending, wrong in zip(batch, answers, strict=True):
            pending.done, pending.wrong = True, wrong
