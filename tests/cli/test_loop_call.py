"""What a signal handler asks of the event loop is done by that, also while it waits."""

import signal
from collections.abc import Iterator

import anyio
import pytest

from batcher.cli.loop_call import soon


@pytest.fixture
def kept() -> Iterator[None]:
    """What the signal meant before."""
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


async def test_a_loop_that_waits_is_woken_by_it(kept: None) -> None:
    called = anyio.Event()
    signal.signal(signal.SIGUSR1, lambda *_: soon(called.set))
    signal.raise_signal(signal.SIGUSR1)
    assert not called.is_set()
    with anyio.fail_after(10):
        await called.wait()


def test_without_a_loop_there_is_nobody_to_call() -> None:
    with pytest.raises(RuntimeError):
        soon(lambda: None)
