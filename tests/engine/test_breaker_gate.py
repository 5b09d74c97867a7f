"""An outage in mid-run: nothing is sent but probes, and nothing is charged for it."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup

from batcher.accounting.tally import Tally
from batcher.engine.breaker_gate import BreakerGate
from batcher.engine.lane import Lane
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.pacing import Pacer
from batcher.engine.runner import Runner
from batcher.errors import OutageError
from batcher.limiters.local import LocalLimiter
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.quota.estimator import RateEstimator
from batcher.records import Attempt, Update
from batcher.task_groups import open_task_group
from batcher.testing import (
    ACCEPTED,
    ListSource,
    LoopClock,
    MemoryJournal,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    lost,
    refused,
    unsent,
    update,
)
from tests.engine.settlers import make_retrying, writes_only

Answer = Callable[[ScriptedCall], Attempt]
FAULT, DENIED = refused("InternalServerException", 500), refused("AccessDeniedException", 403)
EXPIRED = refused("ExpiredTokenException", 403)
RATE = 10.0


class Outage:
    """A run of updates through a target that answers as told, ten a second."""

    def __init__(self, answer: Answer, updates: int = 200, *, limit: float = 900.0) -> None:
        self.caller: ScriptedCaller = ScriptedCaller(answer, latency=0.05)
        self.journal = MemoryJournal()
        self.told: list[tuple[float, str | None]] = []
        self.ended = 0.0
        self.stopped: str | None = None
        self._updates, self._limit = updates, limit
        self.pause: tuple[float, float] | None = None  # from, to

    def run(self, drain_at: float | None = None) -> "Outage":
        in_virtual_time(self._run(drain_at))
        return self

    @property
    def statuses(self) -> dict[str, int]:
        return dict(Counter(result.status for result in self.journal.results))

    async def _run(self, drain_at: float | None) -> None:
        clock, tally = LoopClock(), Tally()
        runner = Runner(journal=self.journal, log=logger())
        estimate = RateEstimator(now=clock.now(), ceiling=RATE)
        control = PaceControl(clock)
        limiter = LocalLimiter(estimate, clock=clock, rate=RATE, burst=1.0)
        pacer = Pacer(limiter, 64, clock, gate=PaceGate(control))
        gate = BreakerGate(
            "default",
            now=control.unpaused,
            clock_now=clock.now,
            log=logger(),
            limit=self._limit,
        )
        gate.observers.append(lambda _, reason: self.told.append((clock.now(), reason)))
        settler = writes_only(self.caller, pacer, tally, gate=gate, uniform=random.uniform)
        source = ListSource([update(n, Description="d") for n in range(1, self._updates + 1)])
        self.lane = Lane(
            target="default", source=source, pacer=pacer, settler=settler, tally=tally, gate=gate
        )

        async def feed(tasks: TaskGroup) -> None:
            runner.start(self.lane, tasks)

        async def drain() -> None:
            await clock.sleep(drain_at or 1e9)
            runner.drain("interrupted")

        async def pause() -> None:
            if self.pause is not None:
                await clock.sleep(self.pause[0])
                control.pause("x", "in this test")
                await clock.sleep(self.pause[1] - self.pause[0])
                control.resume("x")

        async with open_task_group() as beside:
            beside.start_soon(drain)
            beside.start_soon(pause)
            try:
                await runner.run(feed)
            finally:
                self.ended, self.stopped = clock.now(), runner.stopped
                beside.cancel_scope.cancel()


def between(bad: Attempt, began: float, ended: float) -> Answer:
    """That answer to whatever comes back in that time."""
    return lambda call: bad if began <= anyio.current_time() < ended else ACCEPTED


def to_lines(bad: Attempt, *lines: int) -> Answer:
    names = {f"t{line}" for line in lines}
    return lambda call: bad if call.members["EventTriggerName"] in names else ACCEPTED


@pytest.mark.parametrize(
    "bad",
    [FAULT, lost(), unsent(), DENIED, EXPIRED],
    ids=["5xx", "lost", "unsent", "denied", "expired"],
)
def test_an_outage_in_mid_run_is_waited_out_and_nothing_fails(bad: Attempt) -> None:
    run = Outage(between(bad, 5.0, 95.0)).run()
    assert run.statuses == {"succeeded": 200}
    (opened, reason), (closed, none) = run.told
    assert opened < 6.5
    assert reason
    assert none is None
    assert 95 <= closed <= 95 + 25  # a fifth of the outage, and an attempt
    tried = [call for call in run.caller.calls if call.ended and 5 <= call.ended < 95]
    assert len(tried) <= 50  # the row, what was in flight, and the probes
    assert run.lane.pacer.time_breakdown.seconds().unreachable == pytest.approx(
        closed - opened, abs=1
    )


@pytest.mark.parametrize(
    ("pause", "outage", "paused"),
    # who waits for the target in any case is not held up by a pause
    [((2.0, 1002.0), (1005.0, 1025.0), 1000), ((10.0, 1010.0), (4.0, 1030.0), 0)],
    ids=["before", "within"],
)
def test_a_pause_before_or_within_an_outage_counts_not_for_its_limit_and_once_as_time(
    pause: tuple[float, float], outage: tuple[float, float], paused: float
) -> None:
    run = Outage(between(FAULT, *outage), limit=90.0)
    run.pause = pause
    run.run()
    assert (run.statuses, run.stopped) == ({"succeeded": 200}, None)
    seconds = run.lane.pacer.time_breakdown.seconds()
    assert seconds.paused == pytest.approx(paused, abs=10)
    assert 1000 < seconds.paused + seconds.unreachable < 1100
    assert min(seconds.token, seconds.calling, seconds.backoff, seconds.queued) >= 0


@pytest.mark.parametrize("bad", [FAULT, lost(), unsent(), EXPIRED])
def test_a_signal_in_an_outage_ends_it_at_once_and_what_was_tried_has_no_result(
    bad: Attempt,
) -> None:
    run = Outage(between(bad, 5.0, 1e9)).run(drain_at=60.0)
    assert run.ended == pytest.approx(60, abs=0.5)
    assert run.stopped == "interrupted"
    assert set(run.statuses) == {"succeeded"}


@pytest.mark.parametrize("limit", [900.0, 60.0, 0.0])
def test_an_outage_beyond_the_limit_ends_the_run_without_results(limit: float) -> None:
    run = Outage(between(FAULT, 5.0, 1e9), limit=limit)
    with pytest.raises(OutageError, match=r"--outage-limit\): InternalServerException"):
        run.run()
    assert 5 + limit <= run.ended <= 5 + limit + 2  # and what backs off meanwhile
    assert set(run.statuses) == {"succeeded"}


@pytest.mark.parametrize(
    "lines",
    [(1,), (100,), (200,), (3, 100, 200), range(50, 55), range(1, 6)],
    ids=["first", "middle", "last", "here and there", "five in a row", "the first five"],
)
def test_what_alone_gets_faults_fails_by_its_own_attempts(lines: tuple[int, ...]) -> None:
    run = Outage(to_lines(FAULT, *lines)).run()
    assert run.statuses == {"succeeded": 200 - len(lines), "failed": len(lines)}
    failed = [result for result in run.journal.results if result.status == "failed"]
    assert {result.line for result in failed} == set(lines)
    assert all(result.attempts >= 8 for result in failed)
    assert run.ended < 120


def test_denials_of_single_triggers_cost_one_attempt_each_where_others_are_allowed() -> None:
    run = Outage(to_lines(DENIED, *range(10, 200, 10))).run()
    assert run.statuses == {"succeeded": 181, "failed": 19}
    denied = [result for result in run.journal.results if result.status == "failed"]
    assert {result.attempts for result in denied[:-1]} <= {1, 2}
    assert not run.told


class Operations:
    """Reads and writes of one target, each through the gate at no pace at all."""

    def __init__(self, answer: Answer) -> None:
        self.caller, clock = ScriptedCaller(answer), LoopClock()
        self.gate = BreakerGate("default", now=clock.now, log=logger(), limit=900.0)
        self.reading, self.writing = (
            make_retrying(operation, self.caller, gate=self.gate.of(operation))
            for operation in (GET_TRIGGER, UPDATE_TRIGGER)
        )
        self.gate.begin(self.reading.pacer.time_breakdown)
        self._changed = anyio.Event()
        self.gate.observers.append(lambda *_: self._changed.set())

    async def open(self) -> None:
        """Return when the breaker is open."""
        await self._changed.wait()


def test_a_look_within_a_probe_belongs_to_it_and_ends_no_outage_of_writes() -> None:
    async def scenario() -> None:
        target = Operations(
            lambda call: FAULT if call.operation == UPDATE_TRIGGER and call.began < 30 else ACCEPTED
        )
        looks: list[tuple[float, bool]] = []

        async def look(each: Update) -> bool:
            await target.reading.run_attempts_for(each)
            looks.append((anyio.current_time(), target.gate.outage is not None))
            return True

        async def write(number: int) -> None:
            each = update(number)
            state = await target.writing.run_attempts_for(each, still_wanted=lambda _: look(each))
            assert state is not None
            assert (state.charged, state.error) == (1, None)

        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(write, number)
        assert any(was_open and at < 30 for at, was_open in looks)
        assert anyio.current_time() < 60

    in_virtual_time(scenario())


def test_who_would_have_to_finish_is_told_when_that_can_not_be() -> None:
    async def scenario() -> None:
        target = Operations(lambda call: FAULT)
        ended: dict[str, Any] = {}

        async def send(number: int, *, must_finish: bool = False) -> None:
            try:
                ended[f"{number}"] = await target.writing.run_attempts_for(
                    update(number), must_finish=must_finish
                )
            except OutageError as error:
                ended[f"{number}"] = str(error)

        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(send, number)
            await target.open()
            tasks.start_soon(lambda: send(9, must_finish=True))
            await anyio.sleep(20)
            target.writing.pacer.drain()
            target.gate.drain()
        said = ended.pop("9")
        assert "stopped while nothing could be sent" in said
        assert set(ended.values()) == {None}

    in_virtual_time(scenario())


def test_new_credentials_are_tried_at_once() -> None:
    class Caller(ScriptedCaller):
        good = True

        async def refresh(self) -> bool:
            self.good = anyio.current_time() >= 100
            return self.good

        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            self.good = self.good and not 5 <= anyio.current_time() < 100
            return await super().call(operation, members)

    run = Outage(lambda call: ACCEPTED)
    caller = run.caller = Caller(lambda call: ACCEPTED if caller.good else EXPIRED)
    run.run()
    assert run.statuses == {"succeeded": 200}
    probe, closing = [call for call in run.caller.calls if call.began >= 100][:2]
    assert closing.began - probe.began < 0.2, "one with the old ones, one with the new ones"
    assert run.told[-1] == (closing.ended, None)


@pytest.mark.parametrize("max_attempts", [1, 8])
def test_nothing_that_never_left_in_mid_run_stops_the_target(max_attempts: int) -> None:
    async def scenario() -> None:
        target = Operations(between(unsent(), 1.0, 50.0))
        await target.writing.run_attempts_for(update(1))
        await anyio.sleep(1)
        state = await target.writing.run_attempts_for(update(2))
        assert state is not None
        assert state.error is None
        assert 50 <= anyio.current_time() < 90

    in_virtual_time(scenario())
