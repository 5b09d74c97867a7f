"""What SIGINT, SIGTERM and SIGHUP mean to a process with work in flight.

For commands and the worker. A job installs no signal handler: it can be drained and aborted.
"""

import signal
from collections.abc import Callable

import anyio


async def run_signals(
    *,
    grace: float,
    drain: Callable[[], None],
    abort: Callable[[], None],
    grace_over: Callable[[], None],
    reload: Callable[[], None] | None = None,
) -> None:
    """Drain on the first SIGINT or SIGTERM, abort on any later one. Runs until it is cancelled.

    ``grace_over`` is called ``grace`` seconds after the first. SIGHUP calls ``reload``; without
    one it is like the other two, unless it is ignored, as nohup has it.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if reload is not None or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    with anyio.open_signal_receiver(*numbers) as received:
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


async def _call_after(seconds: float, call: Callable[[], None]) -> None:
    await anyio.sleep(seconds)
    call()
