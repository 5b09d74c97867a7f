"""A wait of one task for one moment: what an event of anyio's does, in a sixth of the time."""

import asyncio


class WakeUp(asyncio.Future[None]):
    """Await it in the task that is to be woken; made in an event loop."""

    __slots__ = ()

    def call(self) -> None:
        """Wake who waits, also where that was done before, or he is cancelled."""
        if not self.done():
            self.set_result(None)
