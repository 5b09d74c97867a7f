"""The pacer gives out one turn, one slot and one token for every attempt."""

import asyncio

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.accounting.time_breakdown import LaneSession, TimeBreakdown
from batcher.accounting.verdicts import Verdict
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.pacing import Draining, Pacer
from batcher.task_groups import open_task_group
from batcher.testing import LoopClock, OpenLimiter, in_virtual_time


class SlowLimiter(OpenLimiter):
    """One token a second."""

    async def acquire(self, urgency: int = 0) -> object:
        await anyio.sleep(1)
        return None


@pytest.mark.parametrize(
    ("at_quota", "rate", "saved"), [(True, None, 5.0), (False, None, 0.0), (False, 0.5, 0.0)]
)
def test_only_what_the_quota_held_up_more_of_it_would_save(
    *, at_quota: bool, rate: float | None, saved: float
) -> None:
    async def scenario() -> TimeBreakdown:
        limiter, control = SlowLimiter(), PaceControl(LoopClock())
        limiter.at_quota = at_quota
        control.bound("ctl", rate=rate)
        pacer = Pacer(limiter, 10, LoopClock(), gate=PaceGate(control))
        pacer.time_breakdown.begin(0.0)
        for _ in range(10):
            permit = await pacer.enter(begun=False, must_finish=False)
            pacer.leave(permit, Verdict.ACCEPTED, None)
        pacer.time_breakdown.end(pacer.clock.now())
        return pacer.time_breakdown

    spent = in_virtual_time(scenario())
    assert spent.seconds().token >= 10
    session = LaneSession(time_breakdown=spent)
    assert session.saved_by_quota(2) == pytest.approx(saved)


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


@settings(max_examples=40)
@given(
    asks=st.lists(
        st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 12)), min_size=1, max_size=30
    )
)
def test_each_token_goes_to_the_most_urgent_that_waits_and_none_to_nobody(
    asks: list[tuple[int, bool, int]],
) -> None:
    waiting, entered = dict[int, int](), list[int]()

    async def scenario() -> None:
        pacer = Pacer(SlowLimiter(), 100, LoopClock())

        async def ask(number: int, urgency: int, begun: bool, comes: int) -> None:
            await anyio.sleep(comes + number / 1000)  # never at the instant of a token
            waiting[number] = urgency
            await pacer.enter(begun=begun, must_finish=False, urgency=urgency)
            mine = waiting.pop(number)
            assert not [each for each in waiting.values() if each > mine]
            entered.append(number)

        async with open_task_group() as tasks:
            for number, each in enumerate(asks):
                tasks.start_soon(ask, number, *each)
        assert repr(pacer) == f"<Pacer ?, {len(asks)}/100 in flight, 0 waiting>"

    in_virtual_time(scenario())
    assert sorted(entered) == list(range(len(asks)))


def test_the_more_urgent_goes_ahead_of_retries_and_of_who_waits_for_its_token() -> None:
    order: list[str] = []

    async def scenario() -> None:
        pacer = Pacer(SlowLimiter(), 10, LoopClock())

        async def ask(name: str, begun: bool, urgency: int) -> None:
            await pacer.enter(begun=begun, must_finish=False, urgency=urgency)
            order.append(name)

        async with open_task_group() as tasks:
            for name, begun, urgency in (
                ("head", False, 0),
                ("a", False, 0),
                ("retry", True, 0),
                ("urgent", False, 2),
                ("more urgent", False, 3),
                ("urgent retry", True, 2),
            ):
                tasks.start_soon(ask, name, begun, urgency)
                await anyio.sleep(0.01)

    in_virtual_time(scenario())
    assert order == ["more urgent", "urgent retry", "urgent", "retry", "head", "a"]


def test_draining_turns_away_who_was_overtaken() -> None:
    async def scenario() -> list[str]:
        pacer, turned_away = Pacer(SlowLimiter(), 10, LoopClock()), list[str]()

        async def ask(name: str, urgency: int) -> None:
            try:
                await pacer.enter(begun=False, must_finish=False, urgency=urgency)
            except Draining:
                turned_away.append(name)

        async with open_task_group() as tasks:
            tasks.start_soon(ask, "overtaken", 0)
            await anyio.sleep(0.5)
            tasks.start_soon(ask, "urgent", 1)
            await anyio.lowlevel.checkpoint()
            pacer.drain()
        assert repr(pacer) == "<Pacer ?, 0/10 in flight, 0 waiting>"
        return turned_away

    assert sorted(in_virtual_time(scenario())) == ["overtaken", "urgent"]


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

    for limiter in (OpenLimiter(), PromptTokens(8)):
        seconds, told = in_virtual_time(scenario(limiter))
        assert seconds == pytest.approx(3 * 0.8)
        assert told == 1
    # one token a second: the two slots are free by then
    seconds, told = in_virtual_time(scenario(SlowLimiter()))
    assert seconds == pytest.approx(0.0)
    assert told == 0


class PromptTokens(OpenLimiter):
    """So many tokens that nobody has to wait for, and none after them."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.left = tokens

    def take(self) -> object | None:
        self.left -= 1
        return self if self.left >= 0 else None

    async def acquire(self, urgency: int = 0) -> object:
        await anyio.sleep_forever()
        return None


def test_where_nothing_is_to_be_waited_for_a_permit_waited_for_nothing() -> None:
    async def scenario() -> None:
        limiter = PromptTokens(2)
        pacer = Pacer(limiter, 2, LoopClock())
        pacer.time_breakdown.begin(0.0)
        permits = [await pacer.enter(begun=False, must_finish=False) for _ in range(2)]
        assert [(each.queued, each.token, each.paused) for each in permits] == [(0, 0, 0)] * 2
        assert pacer.in_flight == 2
        await anyio.sleep(3)
        assert limiter.left == 0
        pacer.leave(permits[0], Verdict.ACCEPTED, None)
        assert pacer.in_flight == 1
        assert pacer.time_breakdown.seconds().calling == 3

    in_virtual_time(scenario())


@pytest.mark.parametrize("why", ["slots", "line", "draining", "pause", "bound", "away", "tokens"])
def test_nobody_gets_a_permit_at_once_who_has_something_to_wait_for(why: str) -> None:
    class Away:
        is_open_to_me = False

        async def admit(self) -> None:
            await anyio.sleep_forever()

    async def scenario() -> None:
        control, limiter = PaceControl(LoopClock()), PromptTokens(0 if why == "tokens" else 5)
        pacer = Pacer(limiter, 1, LoopClock(), gate=PaceGate(control))
        match why:
            case "slots" | "line":
                permit = await pacer.enter(begun=False, must_finish=False)
            case "draining":
                pacer.drain()
            case "pause":
                control.pause("ctl", "said so")
            case "bound":
                control.bound("ctl", rate=0.001)
                await anyio.lowlevel.checkpoint()
            case "away":
                pacer.outage_gate = Away()
        left, got = limiter.left, []

        async def ask() -> None:
            try:
                got.append(await pacer.enter(begun=False, must_finish=False))
            except Draining:
                got.append(None)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.sleep(1)
            if why == "line":  # one waits already, and goes ahead of who comes when a slot is free
                pacer.leave(permit, Verdict.ACCEPTED, None)
                tasks.start_soon(ask)
                await anyio.sleep(1)
            tasks.cancel_scope.cancel()
        if why == "line":
            assert [each.queued for each in got] == [1.0]
        else:
            assert got == ([None] if why == "draining" else [])
        assert limiter.left == left - (why in ("tokens", "line"))

    in_virtual_time(scenario())


def test_a_slot_that_comes_free_goes_to_the_first_in_line_with_its_token_until_a_pause() -> None:
    order: list[str] = []

    async def scenario() -> None:
        control, limiter = PaceControl(LoopClock()), PromptTokens(9)
        pacer = Pacer(limiter, 1, LoopClock(), gate=PaceGate(control))

        async def ask(name: str, begun: bool, urgency: int) -> None:
            permit = await pacer.enter(begun=begun, must_finish=False, urgency=urgency)
            order.append(name)
            assert pacer.in_flight == 1
            assert pacer.is_waited_for == (name != "first")
            await anyio.sleep(1)
            if name == "retry":
                control.pause("ctl", "said so")
            pacer.leave(permit, Verdict.ACCEPTED, None)

        async with open_task_group() as tasks:
            for name, begun, urgency in (
                ("first", False, 0),
                ("a", False, 0),
                ("retry", True, 0),
                ("urgent", False, 2),
            ):
                tasks.start_soon(ask, name, begun, urgency)
                await anyio.sleep(0.01)
            await anyio.sleep(9)
            assert order == ["first", "urgent", "retry"]
            control.resume("ctl")
            limiter.left = 0  # what is not there at once is waited for
            await anyio.sleep(9)
            assert order == ["first", "urgent", "retry"]
            tasks.cancel_scope.cancel()
        assert repr(pacer) == "<Pacer ?, 0/1 in flight, 0 waiting>"

    in_virtual_time(scenario())


def test_who_is_cancelled_when_served_gives_slot_and_token_to_the_next() -> None:
    told, entered = [], []

    class Told(PromptTokens):
        def observe(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
            told.append(verdict)

    async def scenario() -> None:
        pacer = Pacer(Told(3), 1, LoopClock())
        permit = await pacer.enter(begun=False, must_finish=False)

        async def ask(name: str) -> None:
            await pacer.enter(begun=False, must_finish=False)
            entered.append(name)

        names = ("left", "served", "next")
        tasks = {name: asyncio.create_task(ask(name)) for name in names}
        await anyio.sleep(0.1)
        tasks["left"].cancel()
        await anyio.sleep(0.3)
        pacer.leave(permit, Verdict.ACCEPTED, None)
        tasks["served"].cancel()
        await asyncio.wait(tasks.values())
        assert repr(pacer) == "<Pacer ?, 1/1 in flight, 0 waiting>"
        assert pacer.slot_seconds == pytest.approx(0.4)

    in_virtual_time(scenario())
    assert told == [Verdict.ACCEPTED, Verdict.UNSENT]
    assert entered == ["next"]
