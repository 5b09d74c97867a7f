"""The shared buckets of one process at one Redis: its connection, and its member of each bucket."""

import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass

import anyio
from anyio.abc import TaskGroup
from redis.asyncio import Redis
from structlog.typing import FilteringBoundLogger

from batcher.errors import SettingsError
from batcher.limiters.leader import Leader
from batcher.limiters.redis_bucket import RedisBucket
from batcher.limiters.shared import REDIS_ERRORS, BucketSettings, SharedLimiter
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.redis_client import connect, redis_error_text
from batcher.task_groups import open_task_group

LONGEST_REPLY = 0.5  # seconds; who waits longer goes on alone
LEAVE_WITHIN = 1.0  # seconds


@dataclass(eq=False, repr=False)
class RedisFleet:
    """Gives out the limiters of shared buckets. Made by ``open_redis_fleet``."""

    redis: Redis
    tasks: TaskGroup
    _: KW_ONLY
    clock: Clock
    log: FilteringBoundLogger

    def __post_init__(self) -> None:
        self._me = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._limiters: dict[str, SharedLimiter] = {}
        self._leaders: list[Leader] = []

    def limiter(
        self,
        name: str,
        *,
        rate: float | None,
        burst: float,
        share: float,
        remembered: EstimatedQuota | None,
    ) -> SharedLimiter:
        """The limiter of the bucket of that name: one in a process, set as it was first asked for.

        ``rate`` and ``burst``: a ceiling for the whole fleet; ``share``: the part of the quota to
        use; ``remembered``: what earlier runs of this host found.
        """
        if name not in self._limiters:
            settings = BucketSettings(rate=rate, burst=burst, share=share, remembered=remembered)
            bucket = RedisBucket(self.redis, name, self._me)
            limiter = SharedLimiter(bucket, settings, clock=self.clock, log=self.log)
            leader = Leader(limiter)
            self._limiters[name] = limiter
            self._leaders.append(leader)
            self.tasks.start_soon(leader.run)
        return self._limiters[name]

    async def leave(self) -> None:
        """Be a member of no bucket any more."""
        for leader in self._leaders:
            await leader.leave()


@asynccontextmanager
async def open_redis_fleet(
    url: str, *, clock: Clock, log: FilteringBoundLogger, warn: Callable[[str], None]
) -> AsyncIterator[RedisFleet]:
    """The shared buckets in the Redis of that URL; this process is a member until the end.

    Raises SettingsError for a URL that is none.
    """
    try:
        redis = connect(url, longest_reply=LONGEST_REPLY, retries=1)
    except ValueError as error:
        raise SettingsError(
            f"--limiter: not the URL of a Redis: {error}. Give redis://HOST:PORT/DB."
        ) from error
    try:
        await _warn_if_away(redis, warn)
        async with open_task_group() as tasks:
            fleet = RedisFleet(redis, tasks, clock=clock, log=log)
            try:
                yield fleet
            finally:
                tasks.cancel_scope.cancel()
                with anyio.move_on_after(LEAVE_WITHIN, shield=True):
                    await fleet.leave()
    finally:
        with anyio.move_on_after(LEAVE_WITHIN, shield=True):
            await redis.aclose()


async def _warn_if_away(redis: Redis, warn: Callable[[str], None]) -> None:
    try:
        await redis.ping()
    except REDIS_ERRORS as error:
        warn(
            f"The shared quota can't be had: {redis_error_text(error)}. Going on alone at a share"
            " of the rate, until Redis is there."
        )
