"""Waiting for what another process, server or task does: the tests' one place that asks again.

A test waits for something that can be seen, never for a time to pass.
"""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

ASK_EVERY = 0.005  # seconds


async def until(ask: Callable[[], Any], *, within: float = 60.0) -> Any:
    """What ``ask``, a function or a coroutine function, returned as soon as that was true.

    TimeoutError after so many seconds.
    """
    async with asyncio.timeout(within):
        while True:
            answer = ask()
            if answer := (await answer if inspect.isawaitable(answer) else answer):
                return answer
            await asyncio.sleep(ASK_EVERY)


def until_blocking(ask: Callable[[], Any], *, within: float = 60.0) -> Any:
    """``until`` where no event loop runs."""
    give_up_at = time.monotonic() + within
    while not (answer := ask()):
        if time.monotonic() > give_up_at:
            raise TimeoutError
        time.sleep(ASK_EVERY)
    return answer
