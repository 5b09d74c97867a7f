"""A coroutine that is run as a command: a signal ends it, whatever it waits for."""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from batcher.cli.endings import ENDING
from batcher.cli.interruption import run_command, until_signal

ALL = (*ENDING, signal.SIGALRM)


@pytest.fixture(autouse=True)
def handlers_as_they_were() -> Iterator[None]:
    """Each test leaves them so, and no timer is left."""
    before = {number: signal.getsignal(number) for number in ALL}
    yield
    assert {number: signal.getsignal(number) for number in ALL} == before
    signal.setitimer(signal.ITIMER_REAL, 0)


def interrupted_while(
    function: Callable[[signal.Signals], Awaitable[None]], number: signal.Signals
) -> list[str]:
    """What a command of that function has done when the signal has ended it."""
    done: list[str] = []

    async def command(name: str) -> None:
        try:
            await function(number)
            done.append("all")
        finally:
            await anyio.lowlevel.checkpoint()  # what clears away may wait
            done.append(name)

    with pytest.raises(KeyboardInterrupt):
        run_command(command, "cleared away")
    return done


async def waits_for_the_loop(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    await anyio.sleep_forever()


async def waits_for_the_kernel(number: signal.Signals) -> None:
    reading, writing = os.pipe()
    try:
        os.kill(os.getpid(), number)
        os.read(reading, 1)
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize(
    ("function", "number"),
    [
        (waits_for_the_loop, signal.SIGINT),
        (waits_for_the_loop, signal.SIGHUP),
        (waits_for_the_kernel, signal.SIGTERM),
    ],
)
def test_the_first_signal_ends_it_and_what_was_begun_is_cleared_away(
    function: Callable[[signal.Signals], Awaitable[None]], number: signal.Signals
) -> None:
    assert interrupted_while(function, number) == ["cleared away"]


def test_a_hangup_that_is_ignored_stays_ignored_and_what_ends_all_the_same_has_its_result() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def command() -> str:
        os.kill(os.getpid(), signal.SIGHUP)
        await anyio.lowlevel.checkpoint()
        os.kill(os.getpid(), signal.SIGTERM)
        return "result"

    try:
        assert run_command(command) == "result"
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_second_signal_ends_it_at_once() -> None:
    async def command() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError

    with pytest.raises(KeyboardInterrupt):
        run_command(command)


def test_a_signal_ends_what_is_not_worth_an_exit_code_and_no_more() -> None:
    async def command() -> str:
        async with anyio.create_task_group():
            await until_signal(partial(waits_for_the_loop, signal.SIGINT))
            await anyio.lowlevel.checkpoint()
        return "done"

    assert run_command(command) == "done"
