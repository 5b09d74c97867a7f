"""While targets are opened, or can't be used: what of other names of their place waits for them."""

from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint
from hypothesis import example, given
from hypothesis import strategies as st

from batcher.config import Settings, TargetSettings
from batcher.errors import CredentialsError
from batcher.logs import logger
from batcher.records import Attempt, Result, Update
from batcher.sources.trigger_turns import Expected, TriggerTurns
from batcher.testing import (
    ACCEPTED,
    LoopClock,
    MemoryQueue,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    refused,
)
from batcher.worker.health import Health
from batcher.worker.leases import LeaseTable
from batcher.worker.prefetch import UNKNOWN_PACE
from batcher.worker.target_pool import TargetPool
from batcher.worker.target_worker import Releases, TargetWorker
from tests.engine.settlers import number_in, update
from tests.worker.test_target_worker import Target

NAMES = "ab"
IN_EUROPE = TargetSettings(region="eu-west-1")


class Turns(TriggerTurns):
    """Turns that take note behind which updates somebody looked."""

    def __init__(
        self, hand_over: Callable[[Update], None], expected: Callable[[str], Expected]
    ) -> None:
        super().__init__(hand_over, expected)
        self.looked: list[int] = []

    def behind(self, update: Update) -> list[Update]:
        self.looked.append(update.line)
        return super().behind(update)


class Names:
    """Target workers of two names in memory, which are one place once they are open.

    ``refused``: numbers of updates that AWS refuses.
    """

    def __init__(self, tasks: TaskGroup, expected: tuple[str, str] | None) -> None:
        self.targets = {name: Target(name) for name in NAMES}
        self.queue = MemoryQueue(lease=1000)
        self.turns = Turns(lambda each: self.pool.workers[each.target].put(each), self._at)
        self.leases = LeaseTable(
            self.queue,
            dead_letters=True,
            clock=LoopClock(),
            log=logger(),
            on_removed=lambda: None,
            on_over=lambda lease: self.turns.end(lease.target, lease.line),
        )
        self.health = Health(logger(), grace=1.0)
        self.pool = TargetPool(
            make=partial(self._make, releases=Releases()),
            tasks=tasks,
            settings=Settings(remember=False, ahead=60.0, targets=dict.fromkeys(NAMES, IN_EUROPE)),
            leases=self.leases,
            clock=LoopClock(),
            turns=self.turns,
        )
        self.refused: set[int] = set()
        self._expected = expected

    def _answer(self, call: ScriptedCall) -> Attempt:
        is_refused = number_in(call.members) in self.refused
        return refused("BadRequestException", 400) if is_refused else ACCEPTED

    def _at(self, name: str) -> tuple[str, str] | None:
        return self._expected

    def _make(self, name: str, releases: Releases) -> TargetWorker:
        self.targets[name].caller = ScriptedCaller(self._answer, latency=1.0)
        return self.targets[name].worker(
            leases=self.leases,
            results=self,
            health=self.health,
            on_result=lambda result: None,
            turns=self.turns,
            releases=releases,
        )

    async def append(self, result: Result) -> None:
        await self.leases.settle(self.leases[result.line], result)

    async def arrive(self, *given: str) -> None:
        """Take in what has come to the queue: of ``ax``, an update of a of the trigger x."""
        self.queue.put(*map(str.encode, given))
        for message in await self.queue.receive(100):
            target, trigger = tuple(message.body.decode())
            each = update(int(message.id[1:]), trigger, target)
            self.leases.add(message, each.line, target, each)
            self.pool.worker(target)
            self.turns.arrive(each)

    def sent(self) -> list[int]:
        calls = [call for target in self.targets.values() for call in target.caller.calls]
        return [number_in(call.members) for call in sorted(calls, key=lambda call: call.began)]


def of_two_names(
    work: Callable[[Names], Awaitable[None]], expected: tuple[str, str] | None
) -> None:
    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            names = Names(tasks, expected)
            await work(names)
            names.pool.abort()

    in_virtual_time(run())


HERE = (Target.quota_owner, Target.region)


@pytest.mark.parametrize("expected", [HERE, None], ids=["pinned", "unknown"])
def test_while_one_name_is_being_opened_its_triggers_wait_and_no_other(
    expected: tuple[str, str] | None,
) -> None:
    async def work(names: Names) -> None:
        names.targets["a"].opens_in = 30.0
        await names.arrive("ax", "bx", "by", "ax")
        await anyio.sleep(20)
        assert names.sent() == [3]
        await anyio.sleep(20)
        assert names.sent() == [3, 1, 2, 4], "one at a time, as they came"

    of_two_names(work, expected)


def test_a_name_that_can_not_be_opened_and_may_be_anywhere_holds_nobody_up() -> None:
    async def work(names: Names) -> None:
        names.targets["a"].error = CredentialsError("no credentials")
        await names.arrive("ax", "bx", "by")
        await anyio.sleep(60)
        assert names.sent() == [2, 3]
        names.targets["a"].error = None
        await anyio.sleep(60)
        assert names.sent() == [2, 3, 1]
        assert len(names.leases) == 0
        assert repr(names.turns) == "<TriggerTurns: 0 wait, 0 triggers>"

    of_two_names(work, None)


def test_what_waits_for_a_name_that_can_not_be_used_is_released_once_with_its_own_then_kept() -> (
    None
):
    async def work(names: Names) -> None:
        names.targets["a"].error = CredentialsError("no credentials")
        await names.arrive("ax", "ay", "bx", "by", "bz")
        await anyio.sleep(60)
        assert names.sent() == [5], "the trigger that no earlier update is for"
        assert (list(names.queue.held), len(names.queue)) == (["m1"], 3)
        await names.arrive()
        await anyio.sleep(60)
        assert len(names.queue.held) == 4, "these are kept, lest they are used up"
        assert names.pool.all_waiting(), "so a worker that ends with its queue ends"
        assert names.pool.workers["b"].room(60.0, held_up=2) == UNKNOWN_PACE
        names.targets["a"].error = None
        await anyio.sleep(60)
        assert names.sent()[1:] == [1, 2, 3, 4]
        assert len(names.leases) == 0

    of_two_names(work, HERE)


@pytest.mark.parametrize(("expected", "keeps"), [(HERE, False), (None, True)])
def test_what_came_with_something_released_of_its_place_waits_for_a_later_request(
    expected: tuple[str, str] | None, keeps: bool
) -> None:
    async def work(names: Names) -> None:
        names.pool.worker("b")
        await anyio.sleep(1)
        names.targets["a"].error = CredentialsError("no credentials")
        await names.arrive("ax", "ay")
        before = anyio.current_time() - 0.5  # a request that waits for more messages
        await anyio.sleep(0.1)
        assert len(names.queue) == 1, "it may be given to that request, and ones of b behind it"
        assert names.pool.workers["b"].keeps_order(before) is keeps
        assert names.pool.workers["b"].keeps_order(anyio.current_time() + 0.1)

    of_two_names(work, expected)


def test_while_one_of_two_releases_is_under_way_what_comes_may_overtake_it() -> None:
    releases = Releases()
    releases.begin(["a", HERE])
    releases.begin(["b", HERE])
    releases.end(["b", HERE], 5.0)
    assert (releases.latest(["b"]), releases.latest([HERE]), releases.latest()) == (5.0, inf, inf)
    releases.end(["a", HERE], 7.0)
    assert (releases.latest(["b", HERE]), releases.latest(["c"])) == (7.0, -inf)
    assert releases.latest() == 7.0


def test_of_many_messages_for_one_trigger_what_waits_is_looked_up_behind_the_first() -> None:
    async def work(names: Names) -> None:
        names.targets["a"].error = CredentialsError("no credentials")
        await names.arrive("ax", "bx")
        await anyio.sleep(0.1)
        await names.arrive("ax", "ay", "bx", *["ax"] * 50)  # kept, among those of other targets
        names.turns.looked.clear()
        assert names.pool.all_waiting()
        assert len(names.turns.looked) == 2

    of_two_names(work, HERE)


def test_an_update_that_is_no_more_held_is_waited_for_by_nobody() -> None:
    async def work(names: Names) -> None:
        names.targets["a"].opens_in = 300.0
        await names.arrive("ax", "bx")
        await anyio.sleep(20)
        assert names.sent() == []
        await names.leases.release(names.leases.of("a"))
        await anyio.sleep(20)
        assert names.sent() == [2]

    of_two_names(work, HERE)


def test_an_update_that_becomes_a_dead_letter_is_waited_for_until_then_and_no_longer() -> None:
    async def work(names: Names) -> None:
        names.refused = {1}
        await names.arrive("ax", "bx")
        await anyio.sleep(0.5)
        assert names.sent() == [1]
        await anyio.sleep(60)
        assert names.sent() == [1, 2]
        assert (names.queue.dead, names.queue.done) == ([("m1", "BadRequestException")], ["m2"])

    of_two_names(work, HERE)


def test_at_its_end_a_worker_keeps_what_waits_for_what_is_in_flight() -> None:
    async def work(names: Names) -> None:
        await names.arrive("ax", "bx")
        await anyio.sleep(0.5)
        names.pool.close("the worker takes no more")
        await anyio.sleep(0.3)
        assert list(names.queue.held) == ["m1", "m2"], "another worker might overtake the first"
        await anyio.sleep(1)
        assert names.queue.done == ["m1"]
        assert [lease.target for lease in names.leases.unsettled()] == ["b"]

    of_two_names(work, HERE)


steps = st.one_of(
    st.tuples(st.just("arrive"), st.lists(st.sampled_from(["ax", "bx", "ay", "by"]), max_size=5)),
    st.tuples(st.just("rest"), st.sampled_from(NAMES)),
    st.tuples(st.just("turn"), st.integers(1, 12)),
    st.tuples(st.just("sleep"), st.sampled_from([0.5, 1.0, 3.0])),
    st.tuples(st.just("fail"), st.sampled_from(NAMES)),
    st.tuples(st.just("mend"), st.sampled_from(NAMES)),
    st.tuples(st.just("slow"), st.sampled_from(NAMES)),
)


@pytest.mark.parametrize("expected", [HERE, None], ids=["pinned", "unknown"])
@given(given_steps=st.lists(steps, max_size=25))
@example(
    given_steps=[
        ("arrive", ["ax"]),
        ("sleep", 3.0),
        ("rest", "a"),
        ("sleep", 3.0),
        ("arrive", ["ax"]),
    ]
)
def test_whenever_targets_come_to_rest_or_fail_each_message_is_sent_once_and_in_its_turn(
    expected: tuple[str, str] | None, given_steps: list[tuple[str, Any]]
) -> None:
    async def work(names: Names) -> None:
        came: list[str] = []
        for what, which in given_steps:
            match what:
                case "arrive":
                    came += which
                    await names.arrive(*which)
                case "rest" if which in names.pool.workers:
                    names.pool.workers[which].rest()
                case "turn":
                    for _ in range(which):
                        await checkpoint()
                case "sleep":
                    await anyio.sleep(which)
                case "fail" | "mend":
                    error = CredentialsError("no credentials") if what == "fail" else None
                    names.targets[which].error = error
                case "slow":
                    names.targets[which].opens_in = 1.0
        for target in names.targets.values():
            target.error = None
        for _ in range(5):
            await anyio.sleep(100)
            await names.arrive()  # what was released
        await anyio.sleep(100)
        assert sorted(names.sent()) == list(range(1, len(came) + 1))
        assert (len(names.leases), len(names.queue)) == (0, 0)
        assert repr(names.turns) == "<TriggerTurns: 0 wait, 0 triggers>"
        if "fail" not in dict(given_steps):  # nothing was released
            for trigger in "xy":
                of_it = [each for each in names.sent() if came[each - 1][1] == trigger]
                assert of_it == sorted(of_it)

    of_two_names(work, expected)


@pytest.mark.parametrize("turns", range(0, 16, 3))
def test_a_message_that_comes_at_whatever_turn_of_coming_to_rest_is_sent_once(turns: int) -> None:
    async def work(names: Names) -> None:
        await names.arrive("ax", "bx")
        await anyio.sleep(10)
        for worker in names.pool.workers.values():
            worker.rest()
        for _ in range(turns):
            await checkpoint()
        await names.arrive("bx", "ax")
        await anyio.sleep(10)
        assert names.sent() == [1, 2, 3, 4]
        assert len(names.leases) == 0

    of_two_names(work, HERE)
