"""The target workers of a session: one a target, with room for what each can send soon."""

import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import pytest

from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.config import Settings, TargetSettings
from batcher.emulator import Emulator
from batcher.logs import logger
from batcher.records import Message
from batcher.testing import MemoryQueue, update
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import open_pacers
from batcher.wiring.targets import TargetConnector
from batcher.worker.health import Health
from batcher.worker.leases import LeaseTable
from batcher.worker.message_images import MessageImages
from batcher.worker.message_results import MessageResults
from batcher.worker.prefetch import HELD_AT_MOST, UNKNOWN_PACE
from batcher.worker.target_pool import TargetPool
from batcher.worker.target_worker import TargetWorker
from tests.servers import free_port
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


class Connector(TargetConnector):
    """One that can tell which of its targets are still there."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.made: list[weakref.ref[AwsTarget]] = []

    def target(self, name: str) -> AwsTarget:
        made = super().target(name)
        self.made.append(weakref.ref(made))
        return made


@asynccontextmanager
async def pool_of(health: Health, **given: Any) -> AsyncIterator[tuple[TargetPool, LeaseTable]]:
    settings, clock = Settings(remember=False, ahead=0.5, **given), SystemClock()
    leases = LeaseTable(
        MemoryQueue(), dead_letters=True, clock=clock, log=logger(), on_removed=lambda: None
    )
    async with (
        open_pacers(settings, clock=clock, log=logger()) as pacers,
        anyio.create_task_group() as tasks,
    ):
        connector = Connector(settings)
        lanes = Lanes(settings, pacers, clock=clock, log=logger())

        results = cast(MessageResults, None)  # nothing is sent here
        images = MessageImages(settings=settings, results=results, clock=clock, log=logger())

        def make(target: str) -> TargetWorker:
            return TargetWorker(
                name=target,
                connector=connector,
                pacers=pacers,
                lanes=lanes,
                images=images,
                leases=leases,
                results=results,
                health=health,
                clock=clock,
                log=logger(),
                on_result=lambda result: None,
            )

        pool = TargetPool(make=make, tasks=tasks, settings=settings, leases=leases, clock=clock)
        yield pool, leases
        pool.abort()


async def test_a_target_has_one_worker_whose_lane_is_shown_while_it_is_open() -> None:
    async with (
        Emulator() as url,
        pool_of(Health(logger(), grace=1.0), endpoint_url=url, rate=20.0) as (pool, _),
    ):
        assert pool.room() == UNKNOWN_PACE
        worker = pool.worker("default")
        assert pool.worker("default") is worker
        await until(lambda: list(pool.lane_snapshots()))
        (lane,) = pool.lane_snapshots()
        assert (lane.target, lane.rate) == ("default", 20.0)
        assert pool.room() == 10  # for half a second
        pool.close("enough")
        await until(lambda: not list(pool.lane_snapshots()))


async def test_when_all_that_is_held_is_for_targets_that_can_not_be_used_all_are_waiting() -> None:
    health = Health(logger(), grace=1.0)
    health.mark_started()
    async with Emulator() as url:
        targets = {
            "fine": TargetSettings(endpoint_url=url, rate=20.0),
            "locked": TargetSettings(endpoint_url=url, profile="nobody"),
            "unused": TargetSettings(endpoint_url=f"http://127.0.0.1:{free_port()}"),
        }
        async with pool_of(health, targets=targets, target="fine") as (pool, leases):
            pool.worker("locked")
            leases.add(Message(id="1", body=b"", handle=""), 1, "locked")
            await until(pool.all_waiting)
            assert str(health.not_ready)
            assert pool.room() == UNKNOWN_PACE  # for others, whose messages may be behind
            pool.worker("fine")
            leases.add(Message(id="2", body=b"", handle=""), 2, "fine")
            await until(lambda: list(pool.lane_snapshots()))
            assert not pool.all_waiting()
            assert pool.room() == 9


async def test_of_a_worker_that_holds_all_it_may_no_target_is_asked_for_its_room() -> None:
    async with pool_of(Health(logger(), grace=1.0)) as (pool, leases):
        pool.workers["default"] = cast(TargetWorker, None)
        for line in range(HELD_AT_MOST):
            leases.add(Message(id=str(line), body=b"", handle=""), line, "default")
        assert pool.room() == 0
        pool.workers.clear()


async def test_of_a_target_at_rest_nothing_is_left_but_its_counts_and_the_quota_that_it_knew() -> (
    None
):
    async with (
        Emulator() as url,
        pool_of(Health(logger(), grace=1.0), endpoint_url=url) as (pool, leases),
    ):
        worker = pool.worker("default")
        await until(lambda: worker.lane is not None)
        assert worker.lane is not None
        limiter = worker.lane.pacer.limiter
        (target,) = cast(Connector, worker.connector).made
        assert target() is not None
        worker.rest()
        await until(lambda: repr(worker) == "<TargetWorker default: resting>")
        gc.collect()
        assert target() is None, "its client, its credentials and its lane are gone"
        assert [each.target for each in pool.lane_snapshots()] == ["default"]
        leases.add(Message(id="1", body=b"", handle=""), 1, "default", update(1))
        worker.put(update(1))
        await until(lambda: worker.lane is not None)
        assert worker.lane.pacer.limiter is limiter
