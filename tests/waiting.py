"""Waiting for what another process, server or task does: the tests' one place that asks again.

A test waits for something that can be seen, never for a time to pass.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")
ASK_EVERY = 0.005  # seconds


async def until(ask: Callable[[], T | Awaitable[T]], *, within: float = 60.0) -> T:
    """What ``ask`` returned once that was true. TimeoutError after so many seconds."""
    async with asyncio.timeout(within):
        while not (answer := await _answer(ask)):
            await asyncio.sleep(ASK_EVERY)
    return answer


def until_blocking(ask: Callable[[], T], *, within: float = 60.0) -> T:
    """``until`` where no event loop runs."""
    give_up_at = time.monotonic() + within
    while not (answer := ask()):
        if time.monotonic() > give_up_at:
            raise TimeoutError
        time.sleep(ASK_EVERY)
    return answer


async def _answer(ask: Callable[[], T | Awaitable[T]]) -> T:
    answer = ask()
    return cast(T, await answer) if inspect.isawaitable(answer) else cast(T, answer)
