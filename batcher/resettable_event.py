"""An event that can be used again; anyio's own can be set only once."""

import anyio


class ResettableEvent:
    """A flag to wait for. Clearing it loses nobody who waited when it was set."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        if not self._is_set:
            self._is_set = True
            self._event.set()

    def clear(self) -> None:
        if self._is_set:
            self._event, self._is_set = anyio.Event(), False

    async def wait(self) -> None:
        """Return when it is set, at once where it is already; it stays set."""
        await self._event.wait()

    async def wait_and_clear(self) -> None:
        """Return when it is set, and clear it; cancelled, leave it as it is."""
        await self.wait()
        self.clear()
