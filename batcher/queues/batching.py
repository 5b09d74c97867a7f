"""Requests that come one by one and leave in batches.

What comes while a batch is under way goes with the next; nothing waits for a batch to fill, but for
the moment that the owner allows. What an entry means is the owner's to know.
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
    """An entry that was not answered yet, and what came of it.

    ``turn``: its caller is to look: it is answered, or it is to send the next batch.
    """

    __slots__ = ("entry", "error", "turn", "wrong")

    def __init__(self, entry: E) -> None:
        self.entry = entry
        self.turn = anyio.Event()
        self.wrong: str | None = None
        self.error: Exception | None = None


class RequestBatcher(Generic[E]):
    """Batches of at most ``size`` entries, one under way at a time.

    ``at_once``: as many of them, where all but the first are full; ``linger``: seconds that one
    that is not waits for more.
    """

    def __init__(self, send: Send[E], size: int, *, at_once: int = 1, linger: float = 0.0) -> None:
        self._send = send
        self._size = size
        self._at_once = at_once
        self._linger = linger
        self._pending: list[_Pending[E]] = []
        self._under_way = 0
        self._sender: _Pending[E] | None = None  # whose caller is about to send a batch

    async def __call__(self, entry: E) -> str | None:
        """Send an entry with whatever else is pending; returns what was wrong with it, or None.

        Cancelled while it waits, it may be sent all the same.
        """
        pending = _Pending(entry)
        self._pending.append(pending)
        self._choose_sender()
        try:
            await pending.turn.wait()
            if self._sender is pending:
                if self._linger and len(self._pending) < self._size:
                    await anyio.sleep(self._linger)
                await self._send_next()
        except anyio.get_cancelled_exc_class():
            self._leave(pending)
            raise
        if pending.error is not None:
            raise pending.error
        return pending.wrong

    def _choose_sender(self) -> None:
        """Have the caller of the first entry send a batch, if one may leave.

        It comes to that in its next turn of the event loop: what is asked for in this one goes
        together.
        """
        if self._sender is not None or not self._pending:
            return
        is_full = len(self._pending) >= self._size
        if not self._under_way or (is_full and self._under_way < self._at_once):
            self._sender = self._pending[0]
            self._sender.turn.set()

    async def _send_next(self) -> None:
        batch, self._pending = self._pending[: self._size], self._pending[self._size :]
        self._sender = None
        self._under_way += 1
        self._choose_sender()
        with anyio.CancelScope(shield=True):  # others wait for it too
            await self._send_all(batch)
        self._under_way -= 1
        self._choose_sender()

    async def _send_all(self, batch: Sequence[_Pending[E]]) -> None:
        try:
            answers = await self._send([pending.entry for pending in batch])
        except Exception as error:
            for pending in batch:
                pending.error = error
        else:
            for pending, wrong in zip(batch, answers, strict=True):
                pending.wrong = wrong
        for pending in batch:
            pending.turn.set()

    def _leave(self, pending: _Pending[E]) -> None:
        """Go without an answer; whoever was to send a batch leaves that to the next."""
        if pending in self._pending:
            self._pending.remove(pending)
        if self._sender is pending:
            self._sender = None
            self._choose_sender()
