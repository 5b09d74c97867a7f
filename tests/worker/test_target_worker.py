"""One target of a worker: what it holds, releases and keeps while it can't be used, and sends."""

from collections.abc import Callable
from typing import Any, Self, cast

import anyio
import pytest

from batcher.accounting.denials import DENIED_IN_A_ROW
from batcher.accounting.tally import Tally
from batcher.config import Settings
from batcher.engine.lane import Lane
from batcher.engine.pacing import Pacer
from batcher.errors import AwsError, CredentialsError
from batcher.logs import logger
from batcher.records import Message, Result, Update
from batcher.sources.feed import Feed
from batcher.testing import (
    ACCEPTED,
    LoopClock,
    MemoryQueue,
    OpenLimiter,
    ScriptedCaller,
    refused,
)
from batcher.testing import in_virtual_time as run_in_virtual_time
from batcher.wiring.pacers import QuotaPace
from batcher.worker.health import Health
from batcher.worker.leases import LeaseTable
from batcher.worker.prefetch import UNKNOWN_PACE
from batcher.worker.target_pool import IDLE_AFTER, TargetPool
from batcher.worker.target_worker import TargetWorker
from tests.engine.settlers import number_in, update, writes_only


class Target:
    """A target in memory, in place of its connector, its lanes and its pacers.

    ``error``: why it can't be opened; ``rate``: what its limiter allows; ``opens_in``: seconds.
    """

    quota_owner, region = "111122223333", "eu-west-1"
    endpoint_url = "https://profile.eu-west-1.amazonaws.com"

    def __init__(self, name: str = "default") -> None:
        self.name = name
        self.error: AwsError | None = None
        self.rate: float | None = None
        self.opens_in = 0.0
        self.open = self.rested = 0
        self.opened_at: list[float] = []
        self.caller = ScriptedCaller(lambda call: ACCEPTED)

    def worker(self, **more: Any) -> TargetWorker:
        """What sends its messages; ``more``: what else a TargetWorker is given."""
        it: Any = self
        return TargetWorker(
            name=self.name,
            connector=it,
            pacers=it,
            lanes=it,
            images=it,
            clock=LoopClock(),
            log=logger(),
            **more,
        )

    def target(self, name: str) -> Self:
        return self

    async def __aenter__(self) -> Self:
        self.opened_at.append(anyio.current_time())
        self.open += 1
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.open -= 1

    async def check(self) -> None:
        await anyio.sleep(self.opens_in)
        if self.error is not None:
            raise self.error

    async def account(self) -> None:
        pass

    def lane(self, target: object, source: Feed, tally: Tally, **more: Any) -> Lane:
        limiter = OpenLimiter()
        limiter.own_rate = self.rate
        pacer = Pacer(limiter, 4, LoopClock())
        return Lane(
            target=self.name,
            source=source,
            pacer=pacer,
            settler=writes_only(self.caller, pacer, tally),
            tally=tally,
            on_close=more["on_close"],
        )

    def of_target(self, target: object, pacers: object) -> None:
        return None

    def retire(self, pacers: object) -> None:
        pass

    def rest(self, pacers: object) -> None:
        self.rested += 1

    def let_go(self, name: str) -> None:
        pass

    def own_rate_of(self, pacer: object) -> Callable[[], float | None]:
        return lambda: self.rate

    def pace_of(self, pacer: object) -> Callable[[], QuotaPace]:
        return lambda: QuotaPace(self.rate, self.rate, 1.0, None)

    @property
    def why_none(self) -> dict[str, str]:
        return {}


class Working:
    """A TargetWorker with its queue and its leases, and where its results go."""

    def __init__(self) -> None:
        self.target = Target()
        self.queue = MemoryQueue(lease=60)
        self.leases = LeaseTable(
            self.queue, dead_letters=True, clock=LoopClock(), log=logger(), on_removed=lambda: None
        )
        self.health = Health(logger(), grace=1.0)
        self.health.mark_started()
        self.results: list[Result] = []
        self.worker = self.target.worker(
            leases=self.leases, results=self, health=self.health, on_result=self.results.append
        )

    async def append(self, result: Result) -> None:
        await self.leases.settle(self.leases[result.line], result)

    async def lease(self, count: int) -> list[Update]:
        """Lease messages, and hand their updates over."""
        self.queue.put(*[b"{}"] * count)
        updates = []
        for message in await self.queue.receive(count):
            updates.append(update(int(message.id[1:])))
            self.leases.add(message, updates[-1].line, "default", updates[-1])
            self.worker.put(updates[-1])
        return updates

    def sent(self) -> list[str]:
        return [str(number_in(call.members)) for call in self.target.caller.calls]


def in_virtual_time(work: Any) -> None:
    """Run a test with a TargetWorker, which ends with it."""

    async def run() -> None:
        working = Working()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(working.worker.run)
            await work(working)
            working.worker.abort()

    run_in_virtual_time(run())


@pytest.mark.parametrize(
    ("rate", "held", "room"),
    [
        (None, 0, UNKNOWN_PACE),
        (20.0, 0, 10),  # 20 a second for half a second
        (20.0, 4, 6),
        (20.0, 12, 0),
        (0.1, 0, 1),  # at least one
    ],
)
def test_it_can_take_what_it_could_send_soon_less_what_it_holds(
    rate: float | None, held: int, room: int
) -> None:
    async def work(working: Working) -> None:
        assert working.worker.room(0.5) == 0  # it is not open yet
        working.target.rate = rate
        await anyio.sleep(0.1)
        for line in range(held):
            working.leases.add(Message(id=str(line), body=b"", handle=""), line, "default")
        assert working.worker.room(0.5) == room

    in_virtual_time(work)


def test_what_is_handed_over_is_sent_and_what_came_before_it_was_open_too() -> None:
    async def work(working: Working) -> None:
        first = await working.lease(2)  # not open yet
        await anyio.sleep(0.1)
        second = await working.lease(2)
        await anyio.sleep(0.1)
        assert sorted(working.sent()) == sorted(each.id for each in [*first, *second])
        assert len(working.results) == len(working.queue.done) == 4
        assert (len(working.leases), working.worker.unusable) == (0, None)

    in_virtual_time(work)


def test_a_target_that_becomes_unusable_releases_all_but_one_message_once() -> None:
    async def work(working: Working) -> None:
        working.target.error = CredentialsError("no credentials")
        await working.lease(5)
        await anyio.sleep(0.1)
        assert working.health.not_ready == "no credentials"
        assert working.worker.is_waiting
        assert (list(working.queue.held), len(working.queue)) == (["m1"], 4)
        assert not working.worker.keeps_order(0.0)  # older ones were released since
        assert working.worker.keeps_order(anyio.current_time())
        await working.lease(4)  # for it, among those of other targets
        await anyio.sleep(20)
        assert len(working.queue.held) == 5, "these are kept, lest they are used up"
        assert len(working.target.opened_at) > 3
        assert working.sent() == []

    in_virtual_time(work)


def test_it_is_tried_again_after_growing_pauses_and_is_usable_when_aws_has_answered() -> None:
    async def work(working: Working) -> None:
        working.target.error = CredentialsError("no credentials")
        await anyio.sleep(40)
        pauses = [
            later - at
            for at, later in zip(
                working.target.opened_at, working.target.opened_at[1:], strict=False
            )
        ]
        for pause, most in zip(pauses, (1, 2, 4, 8, 16), strict=False):
            assert 0.75 * most <= pause <= most
        working.target.error = None
        await anyio.sleep(30)
        assert working.worker.unusable == "no credentials"  # it is open, but nothing was sent
        assert working.worker.room(100.0) == 1
        assert working.health.not_ready is None, "no message may come for it"
        await working.lease(1)
        await anyio.sleep(0.1)
        assert working.worker.unusable is None
        assert working.health.not_ready is None

    in_virtual_time(work)


def test_what_was_refused_is_no_better_for_being_open() -> None:
    async def work(working: Working) -> None:
        denied = refused("AccessDeniedException", 403)
        working.target.caller = ScriptedCaller(lambda call: denied)
        await anyio.sleep(0.1)
        await working.lease(DENIED_IN_A_ROW)
        await anyio.sleep(0.1)
        await working.leases.release(working.leases.unsettled())
        await anyio.sleep(60)
        assert working.worker.lane is not None
        assert working.worker.unusable is not None
        assert working.health.not_ready == working.worker.unusable

    in_virtual_time(work)


def test_a_message_whose_lease_expired_is_not_sent() -> None:
    async def work(working: Working) -> None:
        working.target.error = CredentialsError("no credentials")
        await working.lease(1)
        await anyio.sleep(61)  # nobody extends it here
        working.target.error = None
        await anyio.sleep(40)
        assert working.worker.lane is not None
        assert (working.sent(), len(working.leases)) == ([], 0)

    in_virtual_time(work)


def test_at_its_end_it_finishes_what_is_in_flight_and_releases_the_rest() -> None:
    async def work(working: Working) -> None:
        working.target.caller = ScriptedCaller(lambda call: ACCEPTED, latency=1.0)
        await anyio.sleep(0.1)
        await working.lease(10)
        await anyio.sleep(0.5)
        working.worker.close("the worker takes no more")
        await anyio.sleep(1)
        assert len(working.queue.done) == 4  # it has four slots
        assert (working.queue.held, len(working.queue)) == ({}, 6)

    in_virtual_time(work)


@pytest.mark.parametrize("again", [False, True])
def test_at_its_end_it_waits_for_no_target_that_is_being_opened(again: bool) -> None:
    async def work(working: Working) -> None:
        if again:
            await anyio.sleep(0.1)
            working.worker.rest()
            await anyio.sleep(0.1)
        working.target.opens_in = 1000.0
        await working.lease(1)
        await anyio.sleep(0.1)
        assert working.target.open == 1
        working.worker.close("the worker takes no more")
        await anyio.sleep(0.1)
        assert working.target.open == 0
        assert (working.queue.held, len(working.queue)) == ({}, 1), "it is given back"

    in_virtual_time(work)


def test_a_target_at_rest_holds_up_no_end_of_its_session() -> None:
    async def work() -> None:
        working = Working()
        with anyio.fail_after(1.0):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(working.worker.run)
                await anyio.sleep(0.1)
                working.worker.rest()
                await anyio.sleep(0.1)
                assert repr(working.worker) == "<TargetWorker default: resting>"
                working.worker.close("settings are read anew")
        assert working.target.opened_at == [0.0]

    run_in_virtual_time(work())


def test_a_target_that_was_stopped_for_good_sends_nothing_in_a_later_session() -> None:
    async def work(working: Working) -> None:
        working.health.stop_for_good("target default", "it changed what nobody asked for")
        await working.lease(2)
        await anyio.sleep(300)
        assert working.worker.is_waiting
        assert working.sent() == []
        assert len(working.leases) == 0, "for other workers"
        working.health.mark_healthy("target default")
        assert working.health.not_ready == "it changed what nobody asked for"

    in_virtual_time(work)


def test_a_target_without_messages_is_let_go_of_and_opened_for_the_next() -> None:
    async def work(working: Working) -> None:
        working.target.rate = 20.0
        await anyio.sleep(0.1)
        await working.lease(3)
        working.worker.rest()
        await anyio.sleep(0.1)
        assert working.target.open == 1, "it held messages"
        working.worker.rest()
        await anyio.sleep(0.1)
        assert repr(working.worker) == "<TargetWorker default: resting>"
        assert (working.target.opened_at, working.target.open) == ([0.0], 0)
        assert working.target.rested == 1, "what its pacer has learned is kept"
        assert working.worker.room(0.5) == 10, "as when it was open"
        (shown,) = working.worker.lane_snapshots()
        assert (shown.target, shown.counts.succeeded, shown.in_flight) == ("default", 3, 0)
        assert not working.worker.is_waiting
        await anyio.sleep(10_000)
        assert working.target.opened_at == [0.0], "nothing is renewed"
        sent = await working.lease(2)
        await anyio.sleep(0.1)
        assert len(working.target.opened_at) == 2
        assert working.sent()[3:] == [each.id for each in sent]
        (shown,) = working.worker.lane_snapshots()
        assert shown.counts.succeeded == 5

    in_virtual_time(work)


def test_what_a_target_has_waited_for_tokens_is_counted_over_its_rests() -> None:
    async def work(working: Working) -> None:
        waited = []
        for _ in range(3):
            await working.lease(1)
            await anyio.sleep(0.1)
            assert working.worker.lane is not None
            breakdown, now = working.worker.lane.pacer.time_breakdown, anyio.current_time()
            breakdown.enter("token", now)
            breakdown.leave("token", now + 2.0)
            working.worker.rest()
            await anyio.sleep(0.1)
            (shown,) = working.worker.lane_snapshots()
            waited.append(shown.token_seconds)
        assert waited == pytest.approx([2.0, 4.0, 6.0])

    in_virtual_time(work)


def test_a_message_that_comes_while_a_target_is_let_go_of_is_sent() -> None:
    async def work(working: Working) -> None:
        await anyio.sleep(0.1)
        working.worker.rest()
        sent = await working.lease(1)
        await anyio.sleep(0.1)
        assert working.sent() == [each.id for each in sent]

    in_virtual_time(work)


def test_a_target_that_can_not_be_opened_after_a_rest_is_tried_again_after_pauses() -> None:
    async def work(working: Working) -> None:
        await anyio.sleep(0.1)
        working.worker.rest()
        await anyio.sleep(0.1)
        working.target.error = CredentialsError("no credentials")
        await working.lease(2)
        await anyio.sleep(20)
        assert working.worker.is_waiting
        assert working.worker.room(0.5) == 0
        assert list(working.worker.lane_snapshots()) == [], "neither open nor at rest"
        assert 3 < len(working.target.opened_at) < 10
        working.worker.rest()
        working.target.error = None
        await anyio.sleep(40)
        assert len(working.sent()) == 1, "the other was released, for other workers"
        assert working.health.not_ready is None

    in_virtual_time(work)


def test_a_target_at_rest_ends_with_its_worker() -> None:
    async def work(working: Working) -> None:
        await anyio.sleep(0.1)
        working.worker.rest()
        await anyio.sleep(0.1)
        working.worker.close("the worker takes no more")

    in_virtual_time(work)


class Rester:
    """A target worker that takes note of when it is told to rest."""

    def __init__(self) -> None:
        self.rested_at: list[float] = []

    async def run(self) -> None:
        pass

    def rest(self) -> None:
        self.rested_at.append(anyio.current_time())


def test_targets_rest_when_no_message_has_come_for_them_for_a_while() -> None:
    made = {"busy": Rester(), "idle": Rester()}

    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:
            pool = TargetPool(
                make=lambda name: cast(TargetWorker, made[name]),
                tasks=tasks,
                settings=Settings(),
                leases=cast(LeaseTable, None),
                clock=LoopClock(),
            )
            tasks.start_soon(pool.run_rest)
            for minute in range(60):
                pool.worker("busy")
                if not minute:
                    pool.worker("idle")
                await anyio.sleep(60)
            tasks.cancel_scope.cancel()

    run_in_virtual_time(scenario())
    assert made["busy"].rested_at == []
    assert made["idle"].rested_at[0] == IDLE_AFTER
