"""The first signal drains, a later one or the end of the grace aborts.

SIGHUP by what it means to the process.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import pytest

from batcher.signals import run_signals


class Told:
    """What a process was told, in order; ``told`` waits for the next."""

    def __init__(self) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[str](10)

    def tell(self, what: str) -> None:
        self._send.send_nowait(what)

    async def told(self) -> str:
        async with asyncio.timeout(30):
            return await self._receive.receive()

    def close(self) -> None:
        self._send.close()
        self._receive.close()


@asynccontextmanager
async def listening(grace: float = 1000.0, *, reloads: bool = False) -> AsyncIterator[Told]:
    told = Told()
    async with anyio.create_task_group() as tasks:
        before = signal.getsignal(signal.SIGTERM)
        tasks.start_soon(
            lambda: run_signals(
                grace=grace,
                drain=lambda: told.tell("drain"),
                abort=lambda: told.tell("abort"),
                grace_over=lambda: told.tell("grace over"),
                reload=(lambda: told.tell("reload")) if reloads else None,
            )
        )
        while signal.getsignal(signal.SIGTERM) is before:  # until it listens
            await anyio.lowlevel.checkpoint()
        yield told
        tasks.cancel_scope.cancel()
    told.close()


@pytest.fixture(autouse=True)
def hangup_by_default() -> Iterator[None]:
    """A hangup means what it means by default, also where the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_signal_drains_and_any_later_one_aborts(first: int) -> None:
    async with listening() as heard:
        for number, what in ((first, "drain"), (signal.SIGTERM, "abort"), (signal.SIGINT, "abort")):
            os.kill(os.getpid(), number)
            assert await heard.told() == what


async def test_the_end_of_the_grace_is_told_once_the_first_signal_has_come() -> None:
    async with listening(grace=0.0) as heard:
        os.kill(os.getpid(), signal.SIGTERM)
        assert [await heard.told(), await heard.told()] == ["drain", "grace over"]


async def test_a_hangup_reloads_what_can_be_reloaded_and_never_counts_as_a_stop() -> None:
    async with listening(reloads=True) as heard:
        for number, what in (
            (signal.SIGHUP, "reload"),
            (signal.SIGTERM, "drain"),
            (signal.SIGHUP, "reload"),
        ):
            os.kill(os.getpid(), number)
            assert await heard.told() == what


async def test_a_hangup_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with listening() as heard:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            assert await heard.told() == "drain"
            os.kill(os.getpid(), signal.SIGTERM)
            assert await heard.told() == "abort"
    finally:
        signal.signal(signal.SIGHUP, before)
