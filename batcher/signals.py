"""What SIGINT, SIGTERM and SIGHUP mean to a process with work in flight.

For commands and the worker. A job installs no signal handler: it can be drained and aborted.
"""

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import anyio
from anyio.abc import TaskStatus


async def run_signals(
    *,
    grace: float,
    drain: Callable[[], None],
    abort: Callable[[], None],
    grace_over: Callable[[], None],
    reload: Callable[[], None] | None = None,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Drain on the first SIGINT or SIGTERM, abort on any later one. Runs until it is cancelled.

    ``grace_over`` is called ``grace`` seconds after the first. SIGHUP calls ``reload``; without
    one it is like the other two, unless it is ignored, as nohup has it. Started once it listens.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if reload is not None or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    with received_signals(*numbers) as received:
        task_status.started()
        async with anyio.create_task_group() as timer:
            draining = False
            async for number in received:
                if number == signal.SIGHUP and reload is not None:
                    reload()
                elif draining:
                    abort()
                else:
                    draining = True
                    drain()
                    timer.start_soon(_call_after, grace, grace_over)


def stop_this_process() -> None:
    """Do what SIGTERM does: whoever listens for signals at the moment gets it."""
    signal.raise_signal(signal.SIGTERM)


@contextmanager
def received_signals(*numbers: signal.Signals) -> Iterator[AsyncIterator[signal.Signals]]:
    """Signals as they come; what they meant before, they mean again afterwards."""
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        with anyio.open_signal_receiver(*numbers) as received:
            yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


async def _call_after(seconds: float, call: Callable[[], None]) -> None:
    await anyio.sleep(seconds)
    call()
