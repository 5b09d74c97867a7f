"""The pacer gives out one turn, one slot and one token for every attempt."""

import anyio
import pytest

from batcher.accounting.verdicts import Verdict
from batcher.engine.pacing import Draining, Pacer
from batcher.testing import LoopClock, OpenLimiter, in_virtual_time


class SlowLimiter(OpenLimiter):
    """One token a second."""

    async def acquire(self) -> object:
        await anyio.sleep(1)
        return None


def test_a_retry_goes_ahead_of_first_attempts_and_each_rank_keeps_its_order() -> None:
    order: list[str] = []

    async def scenario() -> None:
        pacer = Pacer(SlowLimiter(), 10, LoopClock())

        async def ask(name: str, begun: bool) -> None:
            await pacer.enter(begun=begun, must_finish=False)
            order.append(name)

        async with anyio.create_task_group() as tasks:
            for name, begun in (
                ("head", False),
                ("a", False),
                ("b", False),
                ("retry 1", True),
                ("retry 2", True),
            ):
                tasks.start_soon(ask, name, begun)
                await anyio.sleep(0.01)

    in_virtual_time(scenario())
    assert order == ["head", "retry 1", "retry 2", "a", "b"]


def test_no_token_is_taken_while_all_slots_are_in_use() -> None:
    async def scenario() -> list[float]:
        pacer, clock, times = Pacer(SlowLimiter(), 1, LoopClock()), LoopClock(), []

        async def call() -> None:
            permit = await pacer.enter(begun=False, must_finish=False)
            times.append(clock.now())
            await anyio.sleep(5)
            pacer.leave(permit, Verdict.ACCEPTED, None)

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(call)
        return times

    # 1 s for a token, 5 s of call, and only then the wait for the next token begins
    assert in_virtual_time(scenario()) == pytest.approx([1, 7, 13])


def test_draining_turns_away_the_head_and_the_line_but_not_who_must_finish() -> None:
    async def scenario() -> dict[str, str]:
        pacer, came_of = Pacer(SlowLimiter(), 10, LoopClock()), {}

        async def ask(name: str, must_finish: bool) -> None:
            try:
                await pacer.enter(begun=False, must_finish=must_finish)
                came_of[name] = "entered"
            except Draining:
                came_of[name] = "turned away"

        async with anyio.create_task_group() as tasks:
            for name in ("head", "waiting", "must finish", "waiting too"):
                tasks.start_soon(ask, name, name == "must finish")
            await anyio.sleep(0.5)
            pacer.drain()
            tasks.start_soon(ask, "late", False)
        return came_of

    turned_away = dict.fromkeys(["head", "waiting", "waiting too", "late"], "turned away")
    assert in_virtual_time(scenario()) == turned_away | {"must finish": "entered"}


def test_a_cancelled_waiter_leaves_the_line_and_loses_nobody_a_turn() -> None:
    async def scenario() -> list[str]:
        pacer, entered = Pacer(SlowLimiter(), 10, LoopClock()), []

        async def ask(name: str) -> None:
            await pacer.enter(begun=False, must_finish=False)
            entered.append(name)

        async with anyio.create_task_group() as tasks:
            for name in "ab":
                tasks.start_soon(ask, name)
            with anyio.move_on_after(0.5):
                await ask("cancelled in line")
            with anyio.move_on_after(1.0):  # by then it is at the head, waiting for its token
                await ask("cancelled at the head")
            tasks.start_soon(ask, "c")
        assert repr(pacer) == "<Pacer ?, 3/10 in flight, 0 waiting>"
        return entered

    assert in_virtual_time(scenario()) == ["a", "b", "c"]


def test_seconds_without_a_slot_while_a_token_is_there_are_counted_and_told_once() -> None:
    async def scenario(limiter: OpenLimiter) -> tuple[float, int]:
        pacer, told = Pacer(limiter, 2, LoopClock()), []
        pacer.on_full = lambda: told.append(None)

        async def call() -> None:
            permit = await pacer.enter(begun=False, must_finish=False)
            await anyio.sleep(0.8)
            pacer.leave(permit, Verdict.ACCEPTED, None)

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(call)
        return pacer.slot_seconds, len(told)

    seconds, told = in_virtual_time(scenario(OpenLimiter()))
    assert seconds == pytest.approx(3 * 0.8)
    assert told == 1
    # one token a second: the two slots are free by then
    seconds, told = in_virtual_time(scenario(SlowLimiter()))
    assert seconds == pytest.approx(0.0)
    assert told == 0
