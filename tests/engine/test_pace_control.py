"""What a process was told about its pace counts at once, for all its pacers, until taken back."""

from collections.abc import Awaitable, Callable

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.accounting.verdicts import Verdict
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.pacing import Draining, Pacer
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import RetryPolicy
from batcher.testing import (
    ACCEPTED,
    LoopClock,
    OpenLimiter,
    ScriptedCaller,
    in_virtual_time,
    refused,
    update,
)
from tests.engine.settlers import make_retrying
from tests.engine.test_pacing import SlowLimiter

Steer = Callable[[PaceControl], Awaitable[None]]


def permits(
    steer: Steer,
    *,
    seconds: float,
    limiter: OpenLimiter | None = None,
    quota: float | None = None,
    takes_rate: bool = True,
    breakdown: TimeBreakdown | None = None,
) -> list[float]:
    """When a pacer gave its permits, while ``steer`` told it what to do for so many seconds."""
    times: list[float] = []

    async def scenario() -> None:
        clock = LoopClock()
        control = PaceControl(clock)
        gate = PaceGate(control, quota=lambda: quota, takes_rate=takes_rate)
        pacer = Pacer(limiter or OpenLimiter(), 3, clock, breakdown, gate)
        pacer.time_breakdown.begin(clock.now())

        async def work() -> None:
            while True:
                permit = await pacer.enter(begun=False, must_finish=False)
                times.append(round(clock.now(), 3))
                await anyio.sleep(0.1)
                pacer.leave(permit, Verdict.ACCEPTED, None)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(steer, control)
            tasks.start_soon(work)
            tasks.start_soon(work)
            await anyio.sleep(seconds)
            tasks.cancel_scope.cancel()
        pacer.time_breakdown.end(clock.now())

    in_virtual_time(scenario())
    return times


def test_no_permit_is_given_between_a_pause_and_its_end_however_slow_the_tokens_are() -> None:
    async def steer(control: PaceControl) -> None:
        await anyio.sleep(2.5)  # while the head waits for its token
        control.pause("a", "by a")
        await anyio.sleep(5)
        control.pause("b", "by b")
        control.resume("a")  # b goes on
        await anyio.sleep(5)
        control.resume("b")

    for limiter in (SlowLimiter(), OpenLimiter()):
        breakdown = TimeBreakdown()
        times = permits(steer, seconds=20, limiter=limiter, breakdown=breakdown)
        assert [each for each in times if 2.5 < each < 12.5] == []
        assert min(times) <= 1
        assert any(12.5 <= each < 13.6 for each in times)
        assert breakdown.seconds().paused == pytest.approx(10)


class PausingLimiter(OpenLimiter):
    """Its process is told to pause at the very moment that a token comes."""

    control: PaceControl

    async def acquire(self, urgency: int = 0) -> object:
        if not self.outcomes:
            self.control.pause("x", "x")
        return len(self.outcomes)


def test_a_token_that_comes_as_a_pause_begins_is_given_back_as_not_sent() -> None:
    limiter = PausingLimiter()

    async def steer(control: PaceControl) -> None:
        await anyio.sleep(3)
        control.resume("x")

    async def scenario() -> tuple[float, int]:
        clock = LoopClock()
        limiter.control = control = PaceControl(clock)
        pacer = Pacer(limiter, 1, clock, gate=PaceGate(control))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(steer, control)
            permit = await pacer.enter(begun=False, must_finish=True)
        return permit.paused, pacer.in_flight

    paused, in_flight = in_virtual_time(scenario())
    assert (round(paused, 3), in_flight) == (3, 1)
    assert limiter.outcomes == [(Verdict.UNSENT, None)]


@pytest.mark.parametrize("rate", [0.5, 3.0, 40.0])
def test_a_rate_counts_at_once_is_never_exceeded_and_is_kept(rate: float) -> None:
    async def steer(control: PaceControl) -> None:
        await anyio.sleep(1)
        control.bound("ctl", rate=rate)
        control.bound("timetable", rate=rate * 2)  # the lower one counts
        await anyio.sleep(40)
        control.bound("ctl")
        control.bound("timetable")

    times = permits(steer, seconds=42)
    within = [each for each in times if 1.11 < each < 41]
    at_most = min(rate, 20)  # two at a time, 0.1 s each
    assert len(within) == pytest.approx(40 * at_most, abs=2, rel=0.02)
    for begin in range(2, 40):
        in_a_second = sum(begin <= each < begin + 1 for each in within)
        assert in_a_second <= rate * 1.01 + 1
    assert sum(each > 41 for each in times) == pytest.approx(20, abs=3)  # as it was


def test_a_lower_rate_that_is_raised_again_is_not_waited_for() -> None:
    async def steer(control: PaceControl) -> None:
        control.bound("ctl", rate=0.01)  # one in 100 s
        await anyio.sleep(5)
        control.bound("ctl", rate=1.0)

    assert permits(steer, seconds=8.05) == pytest.approx([0, 5, 6, 7, 8], abs=0.01)


def test_a_share_is_of_the_quota_and_a_rate_is_of_updates_only() -> None:
    async def steer(control: PaceControl) -> None:
        control.bound("timetable", share=0.2)
        control.bound("ctl", rate=0.1, share=0.5)

    times = permits(steer, seconds=9.9, quota=5.0, takes_rate=False)
    assert len(times) == 10
    assert len(permits(steer, seconds=9.9, quota=None, takes_rate=False)) > 100  # of nothing known


def test_a_share_of_all_bounds_nothing() -> None:
    async def steer(control: PaceControl) -> None:
        control.bound("timetable", share=1.0)

    assert len(permits(steer, seconds=9.9, quota=0.1)) > 100


def test_draining_ends_a_pause_for_who_need_not_finish_and_others_still_wait() -> None:
    async def scenario() -> list[str]:
        clock, came_of = LoopClock(), list[str]()
        control = PaceControl(clock)
        control.pause("x", "x")
        pacer = Pacer(OpenLimiter(), 3, clock, gate=PaceGate(control))

        async def ask(name: str, must_finish: bool) -> None:
            try:
                await pacer.enter(begun=False, must_finish=must_finish)
                came_of.append(f"{name} {clock.now():.0f}")
            except Draining:
                came_of.append(f"{name} turned away {clock.now():.0f}")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "head", False)
            await anyio.sleep(1)
            tasks.start_soon(ask, "must finish", True)
            await anyio.sleep(1)
            pacer.drain()
            await anyio.sleep(1)
            control.resume("x")
        return came_of

    assert in_virtual_time(scenario()) == ["head turned away 2", "must finish 3"]


def test_an_update_may_be_throttled_as_long_as_before_a_pause_which_is_a_cause_of_its_own() -> None:
    found: list[RetryState | None] = []

    async def scenario() -> None:
        clock = LoopClock()
        control = PaceControl(clock)
        throttled = refused("ThrottlingException", 429, retry_after=1.0)
        updating = make_retrying(
            "UpdateEventTrigger",
            ScriptedCaller(lambda call: throttled if call.number < 4 else ACCEPTED),
            pacer=Pacer(OpenLimiter(), 3, clock, gate=PaceGate(control)),
            policy=RetryPolicy(throttle_limit=8.0),
        )

        async def steer() -> None:
            await anyio.sleep(0.5)
            control.pause("x", "x")
            await anyio.sleep(3600)
            control.resume("x")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(steer)
            found.append(await updating.run_attempts_for(update(1)))

    in_virtual_time(scenario())
    (state,) = found
    assert state is not None
    assert (state.status, state.throttles) == ("succeeded", 3)
    assert state.seconds.paused == pytest.approx(3600, abs=2)
    assert state.throttled_for < 8


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["pause", "resume", "slow", "free", "cancel"]),
        st.sampled_from([0.0, 0.001, 0.05, 0.7, 3.0]),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(orders=ORDERS, slow_tokens=st.booleans(), slots=st.integers(1, 3))
def test_whatever_is_told_in_whatever_order_no_slot_and_no_turn_is_lost(
    orders: list[tuple[str, float]], slow_tokens: bool, slots: int
) -> None:
    async def scenario() -> None:
        clock, done = LoopClock(), list[int]()
        control = PaceControl(clock)
        limiter = SlowLimiter() if slow_tokens else OpenLimiter()
        pacer = Pacer(limiter, slots, clock, gate=PaceGate(control))
        scopes: list[anyio.CancelScope] = []

        async def work(number: int) -> None:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                permit = await pacer.enter(begun=number % 2 == 0, must_finish=number % 3 == 0)
                assert not control.pauses
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(0.02)
                pacer.leave(permit, Verdict.ACCEPTED, None)
                done.append(number)

        async with anyio.create_task_group() as tasks:
            for number, (order, wait) in enumerate(orders):
                tasks.start_soon(work, number)
                await anyio.sleep(wait)
                match order:
                    case "pause":
                        control.pause("x", "x")
                    case "resume":
                        control.resume("x")
                    case "slow":
                        control.bound("x", rate=2.0)
                    case "free":
                        control.bound("x")
                    case "cancel":
                        scopes[0].cancel()
            control.resume("x")
        assert (pacer.in_flight, pacer.waiting) == (0, 0)
        # who is not cancelled is given his turn, and all slots are there again
        assert len(done) >= len(orders) - any(order == "cancel" for order, _ in orders)
        permits = [await pacer.enter(begun=False, must_finish=False) for _ in range(slots)]
        assert len(permits) == pacer.in_flight == slots

    in_virtual_time(scenario())
