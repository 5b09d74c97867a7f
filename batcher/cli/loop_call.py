"""A call that is made by the event loop, asked for from within a signal handler."""

import asyncio
from collections.abc import Callable


def soon(call: Callable[[], None]) -> None:
    """Have the event loop of this thread call something, as soon as it gets to it."""
    asyncio.get_running_loop().call_soon_threadsafe(call)
