"""The live page: its parts sent to all who look on, as server-sent events, when they change.

A stream begins with all parts, so one that broke off is as good as new when it is opened again.
Nobody is waited for: all are shown what was made once, and who does not read is dropped.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass

import anyio
import msgspec

AT_MOST = 20  # streams at the same time
EVERY = 1.0  # seconds between two looks at the worker
KEEP_ALIVE = 15.0  # seconds without a change after which something is sent all the same
SLOW_AFTER = 10.0  # seconds after which who has not read what was sent is dropped
RETRY = 3000  # milliseconds after which a browser asks again

Parts = Mapping[str, str]
"""Of each part of the page, by its id, the markup."""

_encode = msgspec.json.Encoder().encode


class SlowReaderError(Exception):
    """Somebody does not read what he asked for."""


@dataclass(eq=False)
class Streams:
    """Sends the parts of the page to those who look on. ``parts``: as they are now."""

    parts: Callable[[], Awaitable[Parts]]
    _: KW_ONLY
    at_most: int = AT_MOST
    every: float = EVERY
    keep_alive: float = KEEP_ALIVE
    slow_after: float = SLOW_AFTER

    def __post_init__(self) -> None:
        self.open = 0
        self._closing = anyio.Event()
        self._looking = anyio.Lock()
        self._latest: Parts = {}
        self._looked_at = float("-inf")

    @property
    def has_room(self) -> bool:
        return self.open < self.at_most and not self._closing.is_set()

    def close(self) -> None:
        """End all streams."""
        self._closing.set()

    async def send(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Send what is shown, and what changes of it, until the worker ends.

        ``write`` returns when there is room for more. Raises SlowReaderError, and what it raises.
        """
        self.open += 1
        try:
            await self._send(write)
        finally:
            self.open -= 1

    async def _send(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        sent: Parts = {}
        sent_at = anyio.current_time()
        await self._write(write, b"retry: %d\n\n" % RETRY)
        while not self._closing.is_set():
            parts = await self._current()
            changed = {name: text for name, text in parts.items() if sent.get(name) != text}
            if changed:
                await self._write(write, b"event: parts\ndata: %s\n\n" % _encode(changed))
                sent, sent_at = parts, anyio.current_time()
            elif anyio.current_time() - sent_at >= self.keep_alive:
                await self._write(write, b":\n\n")
                sent_at = anyio.current_time()
            with anyio.move_on_after(self.every):
                await self._closing.wait()

    async def _current(self) -> Parts:
        """The parts, made once for all who ask within the same moment."""
        async with self._looking:
            if anyio.current_time() - self._looked_at >= 0.9 * self.every:
                self._latest = await self.parts()
                self._looked_at = anyio.current_time()
            return self._latest

    async def _write(self, write: Callable[[bytes], Awaitable[None]], data: bytes) -> None:
        with anyio.move_on_after(self.slow_after) as waiting:
            await write(data)
        if waiting.cancelled_caught:
            raise SlowReaderError
