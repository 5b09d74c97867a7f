"""The heartbeat of a member of a fleet, and what the one that leads does."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import anyio
import pytest
from msgspec import structs

from batcher.limiters.bucket_settings import BucketSettings
from batcher.limiters.leader import HEARTBEAT_EVERY, READ_IDLE_EVERY, Leader, is_worth_publishing
from batcher.limiters.member_names import new_name
from batcher.limiters.redis_bucket import HeartbeatReply, Publication, RedisBucket
from batcher.limiters.reports import Reports
from batcher.limiters.shared import SharedLimiter
from batcher.logs import logger
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import Pace
from batcher.testing import LoopClock, in_virtual_time

FIFTY = EstimatedQuota(rate=50.0, burst=50.0, doubt=0.01)
FOLLOWING = HeartbeatReply(
    epoch="e1",
    now=100.0,
    workers=3,
    leading=False,
    newest="0-0",
    events=[],
    opens_in=-1.0,
    learned=FIFTY,
    idle=0.0,
    rate=None,
)
LEADING = structs.replace(FOLLOWING, leading=True)


class ScriptedBucket:
    """A bucket whose replies a function decides; keeps when heartbeats came, and with what."""

    name = "bucket"

    def __init__(self, reply: Callable[[int], HeartbeatReply | Exception]) -> None:
        self._reply = reply
        self.heartbeats: list[tuple[float, bool, Publication | None]] = []
        self.left = 0
        self.dead: list[str] = []  # as it was told last

    async def heartbeat(
        self,
        reports: Reports,
        *,
        away: bool,
        read: str,
        publish: Publication | None,
        ceiling: float | None,
        capacity: float,
        share: float,
        sent_rate: float,
        dead: list[str],
    ) -> HeartbeatReply:
        self.dead = dead
        self.heartbeats.append((anyio.current_time(), away, publish))
        reply = self._reply(len(self.heartbeats))
        if isinstance(reply, Exception):
            raise reply
        return structs.replace(reply, now=reply.now + anyio.current_time())

    async def leave(self, reports: Reports) -> None:
        self.left += 1


@asynccontextmanager
async def running(bucket: ScriptedBucket) -> AsyncIterator[tuple[Leader, SharedLimiter]]:
    limiter = SharedLimiter(
        cast(RedisBucket, bucket),
        BucketSettings(rate=None, burst=1.0, remembered=FIFTY),
        clock=LoopClock(),
        log=logger(),
    )
    leader = Leader(limiter)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leader.run)
        yield leader, limiter
        tasks.cancel_scope.cancel()


def test_a_follower_sends_a_heartbeat_now_and_then_publishes_nothing_and_takes_what_it_hears() -> (
    None
):
    async def work() -> None:
        bucket = ScriptedBucket(lambda _: structs.replace(FOLLOWING, rate=20.0))
        async with running(bucket) as (_, limiter):
            await anyio.sleep(4 * HEARTBEAT_EVERY - 0.01)
        assert [at for at, *_ in bucket.heartbeats] == pytest.approx(
            [0, HEARTBEAT_EVERY, 2 * HEARTBEAT_EVERY, 3 * HEARTBEAT_EVERY]
        )
        assert not any(publication for *_, publication in bucket.heartbeats)
        assert (limiter.workers, limiter.rate, limiter.own_rate) == (3, 20.0, 20 / 3)

    in_virtual_time(work())


def test_a_leader_publishes_at_once_and_then_only_looks_at_the_log() -> None:
    async def work() -> None:
        bucket = ScriptedBucket(lambda _: LEADING)
        async with running(bucket):
            await anyio.sleep(1.01)
        (_, _, nothing), (at, _, publication), (later, *_), *_ = bucket.heartbeats
        assert nothing is None
        assert at == pytest.approx(0, abs=1e-6)
        assert publication is not None
        assert publication.learned.rate == 50.0
        assert later - at == pytest.approx(READ_IDLE_EVERY, abs=1e-3)

    in_virtual_time(work())


def test_without_redis_it_falls_back_and_comes_back_when_the_bucket_opens() -> None:
    def reply(number: int) -> HeartbeatReply | Exception:
        if number in (2, 3):
            return ConnectionError("gone")
        return structs.replace(FOLLOWING, opens_in=0.75 if number == 4 else -1.0)

    async def work() -> None:
        bucket = ScriptedBucket(reply)
        async with running(bucket) as (leader, limiter):
            await anyio.sleep(HEARTBEAT_EVERY + 0.01)
            assert limiter.away
            assert limiter.rate == pytest.approx(50 / 3)  # of three workers
            await leader.leave()  # a Redis that is away is not told
            await anyio.sleep(2 * HEARTBEAT_EVERY + 0.74)
            assert limiter.away
            await anyio.sleep(0.02)
            assert not limiter.away
            await leader.leave()
        assert [away for _, away, _ in bucket.heartbeats] == [False, False, True, True, True]
        assert bucket.left == 1

    in_virtual_time(work())


def test_silent_members_of_this_host_that_ended_are_told_and_no_others() -> None:
    ended = new_name().replace(f":{os.getpid()}:", ":999999999:")
    silent = [ended, new_name(), "other-host:1:abc"]

    async def work() -> None:
        bucket = ScriptedBucket(lambda _: structs.replace(FOLLOWING, silent=silent))
        async with running(bucket):
            await anyio.sleep(HEARTBEAT_EVERY + 0.01)
        assert bucket.dead == [ended]

    in_virtual_time(work())


@pytest.mark.parametrize("seconds", [3, 600])
def test_while_redis_is_away_it_asks_twice_a_second_however_long_that_is(seconds: int) -> None:
    async def work() -> None:
        bucket = ScriptedBucket(lambda _: ConnectionError("gone"))
        async with running(bucket):
            await anyio.sleep(seconds - 0.01)
        assert [at for at, *_ in bucket.heartbeats] == pytest.approx(
            [number / 2 for number in range(2 * seconds)]
        )

    in_virtual_time(work())


@pytest.mark.parametrize(
    ("cut", "rate", "resume", "worth"),
    [
        (0, 50.0, 0.0, False),
        (1, 50.0, 0.0, True),
        (0, None, 0.0, True),
        (0, 50.9, 0.0, False),  # 2 % of 50 is 1
        (0, 51.1, 0.0, True),
        (0, 48.9, 0.0, True),
        (0, 50.0, 0.004, False),
        (0, 50.0, 0.006, True),
    ],
)
def test_what_differs_enough_is_published_at_once(
    cut: int, rate: float | None, resume: float, worth: bool
) -> None:
    before = Publication(cut=0, pace=Pace(rate=50.0, resume=0.0), learned=FIFTY)
    now = Publication(cut=cut, pace=Pace(rate=rate, resume=resume), learned=FIFTY)
    assert is_worth_publishing(before, now) == worth
