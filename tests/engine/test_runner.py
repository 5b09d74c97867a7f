"""The runner keeps every law that is about more than one update."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.accounting.limit import Limit
from batcher.accounting.tally import Tally
from batcher.engine.lane import Lane
from batcher.engine.pacing import Pacer
from batcher.engine.reconciler import Settler
from batcher.engine.runner import WORKERS_FINDING_OUT, Runner
from batcher.errors import CredentialsError, JournalError
from batcher.limiters.local import LocalLimiter
from batcher.logs import logger
from batcher.operations import GET_TRIGGER
from batcher.quota.estimator import RateEstimator
from batcher.records import Attempt, Result, Update
from batcher.testing import (
    ACCEPTED,
    ListSource,
    LoopClock,
    MemoryJournal,
    OpenLimiter,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    lost,
    refused,
)
from tests.engine.settlers import looks_first, number_in, update, writes_only

FAULT = refused("InternalServerException", 500)


def lane(
    updates: Sequence[Update], caller: ScriptedCaller, *, slots: int = 4, looks_back: bool = False
) -> Lane:
    tally, source = Tally(), ListSource(updates, looks_back=looks_back)
    pacer = Pacer(OpenLimiter(), slots, LoopClock())
    settler = writes_only(caller, pacer, tally)
    return Lane(target="default", source=source, pacer=pacer, settler=settler, tally=tally)


async def run(
    lanes: Sequence[Lane],
    journal: MemoryJournal,
    *,
    beside: Callable[[Runner], object] | None = None,
    **options: str,
) -> Runner:
    runner = Runner(journal=journal, log=logger(), **options)

    async def feed(tasks: TaskGroup) -> None:
        for each in lanes:
            runner.start(each, tasks)
        if beside is not None:
            tasks.start_soon(beside, runner)

    await runner.run(feed)
    return runner


class SlowCaller:
    """A Caller that takes so many seconds for a look, and for an update."""

    def __init__(self, look: float, update: float) -> None:
        self._look, self._update = look, update

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        seconds = self._look if operation == GET_TRIGGER else self._update
        await anyio.sleep(seconds)
        shown = {"Description": "old", **members}
        return Attempt(reached="answered", seconds=seconds, http_status=200, answer=shown)

    async def refresh(self) -> bool:
        return False


def always(answer: Attempt) -> Callable[[ScriptedCall], Attempt]:
    return lambda call: answer


@settings(max_examples=60)
@given(
    triggers=st.lists(st.sampled_from("abcde"), max_size=40),
    fates=st.lists(
        st.sampled_from([ACCEPTED, FAULT, lost(), refused("ThrottlingException", 429)]), min_size=5
    ),
    looks_back=st.booleans(),
)
def test_every_update_gets_one_result_and_updates_of_a_trigger_never_overlap_nor_swap(
    triggers: list[str], fates: list[Attempt], looks_back: bool
) -> None:
    updates = [update(number, trigger) for number, trigger in enumerate(triggers, 1)]

    def answer(call: ScriptedCall) -> Attempt:
        line = number_in(call.members)
        return ACCEPTED if call.number > 3 else fates[(line * 7 + call.number) % len(fates)]

    caller, journal = ScriptedCaller(answer, latency=0.1), MemoryJournal()
    in_virtual_time(run([lane(updates, caller, looks_back=looks_back)], journal))

    assert sorted(result.line for result in journal.results) == [each.line for each in updates]
    assert {result.status for result in journal.results} <= {"succeeded"}
    for trigger in set(triggers):
        calls = [call for call in caller.calls if call.members["EventTriggerName"] == trigger]
        for earlier, later in pairwise(calls):
            assert earlier.ended is not None
            assert earlier.ended <= later.began
        lines = [number_in(call.members) for call in calls]
        assert lines == sorted(lines)


def test_a_busy_trigger_holds_back_only_its_own_updates() -> None:
    updates = [*(update(number, "hot") for number in range(1, 51)), update(51), update(52)]
    caller, journal = ScriptedCaller(always(ACCEPTED), latency=1.0), MemoryJournal()
    in_virtual_time(run([lane(updates, caller)], journal))
    ended = {result.id: index for index, result in enumerate(journal.results)}
    assert max(ended["51"], ended["52"]) <= 2
    assert caller.calls[-1].ended == pytest.approx(50)


def test_no_more_requests_than_slots_are_in_flight_and_backoff_holds_no_slot() -> None:
    updates = [update(number) for number in range(1, 9)]
    failing = ScriptedCaller(
        lambda call: FAULT if number_in(call.members) <= 4 and call.number < 8 else ACCEPTED,
        latency=0.1,
    )
    journal = MemoryJournal()
    in_virtual_time(run([lane(updates, failing, slots=2)], journal))
    assert failing.most_in_flight == 2
    # while the first four back off
    assert [result.line for result in journal.results][:4] == [5, 6, 7, 8]


def test_workers_are_as_many_as_slots_ask_for_and_no_task_waits_for_nothing() -> None:
    """300 per second at 2 s have 600 in flight; updates that are taken at once have few."""
    updates = [update(number) for number in range(1, 1501)]
    slow, journal = ScriptedCaller(always(ACCEPTED), latency=2.0), MemoryJournal()
    in_virtual_time(run([lane(updates, slow, slots=700)], journal))
    assert slow.most_in_flight == 700
    assert slow.calls[-1].ended == pytest.approx(6.0)
    quick = ScriptedCaller(always(ACCEPTED), latency=0.0)
    in_virtual_time(run([lane(updates, quick, slots=700)], MemoryJournal()))
    assert quick.most_in_flight < 300


class FindingOut:
    """A Settler whose other updates wait for the first one, which takes a second."""

    def __init__(self, settler: Settler) -> None:
        self._settler = settler
        self._over = anyio.Event()
        self.waiting = self.most = 0

    async def settle(self, update: Update) -> Result | None:
        if update.line == 1:
            await anyio.sleep(1)
            self._over.set()
        if not self._over.is_set():
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await self._over.wait()
            self.waiting -= 1
        return await self._settler.settle(update)


def test_few_updates_are_taken_up_that_wait_for_what_a_look_at_another_finds_out() -> None:
    journal = MemoryJournal()

    async def work() -> tuple[float, int]:
        clock, tally = LoopClock(), Tally()
        pacer = Pacer(OpenLimiter(), 100, clock)
        caller = ScriptedCaller(always(ACCEPTED), latency=0.1)
        settler = FindingOut(writes_only(caller, pacer, tally))
        each = Lane(
            target="default",
            source=ListSource([update(number) for number in range(1, 601)]),
            pacer=pacer,
            settler=settler,
            tally=tally,
            wait_to_look=lambda: settler.waiting,
        )
        await run([each], journal)
        return clock.now(), settler.most

    seconds, most = in_virtual_time(work())
    assert most <= WORKERS_FINDING_OUT + 2
    assert seconds == pytest.approx(1.0 + 600 / 100 * 0.1, abs=0.2)  # then all slots are used
    assert len(journal.results) == 600


def test_a_lane_that_waits_for_its_quota_keeps_few_workers_however_many_its_burst_had() -> None:
    """A burst of 20 that takes 0.5 s has 20 workers; at 1/s one sends, and another is next."""
    workers: list[int] = []

    def answer(call: ScriptedCall) -> Attempt:
        workers.append(sum("Runner._worker" in repr(task) for task in asyncio.all_tasks()))
        return ACCEPTED

    async def work() -> float:
        clock, tally = LoopClock(), Tally()
        pace = RateEstimator(now=clock.now(), ceiling=1.0)
        limiter = LocalLimiter(pace, clock=clock, rate=1.0, burst=21.0)
        pacer = Pacer(limiter, 30, clock)
        settler = writes_only(ScriptedCaller(answer, latency=0.5), pacer, tally)
        source = ListSource([update(number) for number in range(1, 61)])
        each = Lane(target="default", source=source, pacer=pacer, settler=settler, tally=tally)
        await run([each], MemoryJournal())
        assert pacer.time_breakdown.wall_seconds == pytest.approx(clock.now())
        return clock.now()

    assert in_virtual_time(work()) == pytest.approx(40.5, abs=2)
    assert len(workers) == 60
    assert max(workers) > 15
    assert workers[40] == 2


@pytest.mark.parametrize(
    ("rate", "look_takes", "write_takes"),
    [(1.0, 2.0, 2.0), (5.0, 2.0, 2.0), (5.0, 6.0, 0.05), (5.0, 0.05, 6.0)],
)
def test_looking_first_costs_no_pace_however_slow_looks_and_updates_are(
    rate: float, look_takes: float, write_takes: float
) -> None:
    def paced(clock: LoopClock, rate: float) -> Pacer:
        estimator = RateEstimator(now=clock.now(), ceiling=rate)
        return Pacer(LocalLimiter(estimator, clock=clock, rate=rate, burst=1.0), 100, clock)

    async def work() -> float:
        clock, tally, caller = LoopClock(), Tally(), SlowCaller(look_takes, write_takes)
        pacer, reading = paced(clock, rate), paced(clock, 2 * rate)
        settler = looks_first(caller, pacer, reading)
        each = Lane(
            target="default",
            source=ListSource([update(number) for number in range(1, round(60 * rate) + 1)]),
            pacer=pacer,
            settler=settler,
            tally=tally,
            ahead=settler.ahead,
        )
        each.join(reading)
        await run([each], MemoryJournal())
        assert tally.done == 60 * rate
        return clock.now()

    assert in_virtual_time(work()) <= (60 + look_takes + write_takes) * 1.1


def test_the_next_update_of_a_trigger_waits_until_the_result_is_kept() -> None:
    kept_at: dict[str, float] = {}

    class SlowJournal(MemoryJournal):
        async def append(self, result: Result) -> None:
            await anyio.sleep(3)
            kept_at[result.id] = LoopClock().now()

    caller = ScriptedCaller(always(ACCEPTED), latency=1.0)
    in_virtual_time(run([lane([update(1, "a"), update(2, "a")], caller)], SlowJournal()))
    assert caller.calls[1].began >= kept_at["1"]


@pytest.mark.parametrize(
    ("max_failures", "answered", "stops_after"),
    [
        ("3", "all fail", 4),  # more than three
        ("50%", "all fail", 100),  # a percentage counts from 100 results on
        (None, "all denied", 20),
    ],
)
def test_too_many_failures_stop_the_run(
    max_failures: str | None, answered: str, stops_after: int
) -> None:
    code, status = (
        ("AccessDeniedException", 403) if answered == "all denied" else ("BadRequestException", 400)
    )
    caller, journal = ScriptedCaller(always(refused(code, status)), latency=0.1), MemoryJournal()
    updates = [update(number) for number in range(1, 301)]
    limit = None if max_failures is None else Limit(max_failures)
    runner = in_virtual_time(run([lane(updates, caller, slots=1)], journal, max_failures=limit))
    assert runner.stopped
    assert stops_after <= len(journal.results) <= stops_after + 1  # what was in flight is finished


def test_denials_do_not_stop_a_run_that_had_a_success() -> None:
    caller = ScriptedCaller(
        lambda call: (
            ACCEPTED if number_in(call.members) == 1 else refused("AccessDeniedException", 403)
        )
    )
    journal = MemoryJournal()
    runner = in_virtual_time(
        run([lane([update(n) for n in range(1, 61)], caller, slots=1)], journal)
    )
    assert (runner.stopped, len(journal.results)) == (None, 60)


def test_draining_finishes_what_is_in_flight_and_starts_nothing() -> None:
    async def drain_soon(runner: Runner) -> None:
        await anyio.sleep(0.5)
        runner.drain("interrupted")

    caller, journal = ScriptedCaller(always(ACCEPTED), latency=1.0), MemoryJournal()
    updates = [update(number) for number in range(1, 101)]
    runner = in_virtual_time(run([lane(updates, caller, slots=3)], journal, beside=drain_soon))
    assert runner.stopped == "interrupted"
    assert len(journal.results) == len(caller.calls) == 3


def test_while_draining_an_update_that_may_have_had_an_effect_is_still_settled() -> None:
    async def drain_soon(runner: Runner) -> None:
        await anyio.sleep(0.2)
        runner.drain("interrupted")

    caller = ScriptedCaller(lambda call: lost() if call.number == 1 else ACCEPTED, latency=0.1)
    journal = MemoryJournal()
    in_virtual_time(run([lane([update(1)], caller)], journal, beside=drain_soon))
    assert [(result.status, result.attempts) for result in journal.results] == [("succeeded", 2)]


def test_aborting_ends_at_once_without_results_for_what_is_in_flight() -> None:
    async def abort_soon(runner: Runner) -> None:
        await anyio.sleep(0.5)
        runner.drain("interrupted")
        runner.abort()
        ended.append(LoopClock().now())

    ended: list[float] = []
    caller, journal = ScriptedCaller(always(ACCEPTED), latency=60.0), MemoryJournal()
    in_virtual_time(run([lane([update(1)], caller)], journal, beside=abort_soon))
    assert (journal.results, ended) == ([], [0.5])


def test_an_error_that_ends_the_run_comes_out_bare() -> None:
    class FullDisk(MemoryJournal):
        async def append(self, result: Result) -> None:
            raise JournalError("disk full")

    updates = [update(number) for number in range(1, 9)]
    with pytest.raises(JournalError, match="disk full"):
        in_virtual_time(run([lane(updates, ScriptedCaller(always(ACCEPTED)))], FullDisk()))
    with pytest.raises(CredentialsError):
        in_virtual_time(
            run(
                [lane(updates, ScriptedCaller(always(refused("ExpiredToken", 403))))],
                MemoryJournal(),
            )
        )
