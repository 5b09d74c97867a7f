"""The shared buckets of one process at one Redis: its connection, and its member of each bucket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass

import anyio
from anyio.abc import TaskGroup
from redis.asyncio import Redis
from structlog.typing import FilteringBoundLogger

from batcher.errors import SettingsError
from batcher.limiters.bucket_settings import BucketSettings
from batcher.limiters.leader import Leader
from batcher.limiters.member_names import new_name
from batcher.limiters.redis_bucket import RedisBucket
from batcher.limiters.shared import REDIS_ERRORS, SharedLimiter
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.records import FleetMember
from batcher.redis_client import connect, redis_error_text
from batcher.redis_server import RedisServer, describe
from batcher.task_groups import open_task_group

LONGEST_REPLY = 0.5  # seconds; who waits longer goes on alone
LEAVE_WITHIN = 1.0  # seconds
LOOKED_AT = 20  # buckets whose members are looked at


@dataclass(eq=False, repr=False)
class RedisFleet:
    """Gives out the limiters of shared buckets. Made by ``open_redis_fleet``."""

    url: str
    redis: Redis
    tasks: TaskGroup
    _: KW_ONLY
    is_cluster: bool
    clock: Clock
    log: FilteringBoundLogger

    def __post_init__(self) -> None:
        self._me = new_name()
        self.own_clients: list[Redis] = []
        self._limiters: dict[str, SharedLimiter] = {}
        self._leaders: list[Leader] = []
        self._has_left = False

    def limiter(
        self,
        name: str,
        *,
        rate: float | None,
        burst: float | None,
        share: float,
        remembered: EstimatedQuota | None,
    ) -> SharedLimiter:
        """The limiter of the bucket of that name: one in a process.

        ``rate`` and ``burst``: a ceiling for the whole fleet; ``share``: the part of the quota to
        use; of two targets with one bucket the lower counts. ``remembered``: what earlier runs of
        this host found.
        """
        settings = BucketSettings(rate=rate, burst=burst, share=share, remembered=remembered)
        if name in self._limiters:
            limiter = self._limiters[name]
            limiter.settings = limiter.settings.lowered(settings)
            return limiter
        bucket = RedisBucket(self._client(), name, self._me)
        limiter = SharedLimiter(bucket, settings, clock=self.clock, log=self.log)
        leader = Leader(limiter)
        self._limiters[name] = limiter
        self._leaders.append(leader)
        self.tasks.start_soon(leader.run)
        return limiter

    def _client(self) -> Redis:
        """The connection of a bucket: its own in a cluster, where each may be on another node."""
        if not self.is_cluster:
            return self.redis
        self.own_clients.append(client := _connect(self.url))
        return client

    async def members(self) -> list[FleetMember] | None:
        """The processes that share buckets with this one; None while Redis does not answer.

        The rate of each is that of all its buckets together; it leads where it leads one of them.
        Of very many buckets only some are looked at.
        """
        found: dict[str, FleetMember] = {}
        if self._has_left:
            return None
        try:
            for limiter in list(self._limiters.values())[:LOOKED_AT]:
                for member in await limiter.bucket.members():
                    known = found.get(member.name)
                    found[member.name] = member if known is None else _together(known, member)
        except (*REDIS_ERRORS, ValueError):  # also what somebody else has written there
            return None
        return sorted(found.values(), key=lambda member: member.name)

    async def leave(self) -> None:
        """Be a member of no bucket any more."""
        self._has_left = True
        for leader in self._leaders:
            await leader.leave()


@asynccontextmanager
async def open_redis_fleet(
    url: str, *, clock: Clock, log: FilteringBoundLogger, warn: Callable[[str], None]
) -> AsyncIterator[RedisFleet]:
    """The shared buckets in the Redis of that URL; this process is a member until the end.

    Raises SettingsError for a URL that is none, and for a Redis that is too old.
    """
    try:
        redis = _connect(url)
    except ValueError as error:
        raise SettingsError(
            f"--limiter: not the URL of a Redis: {error}. Give redis://HOST:PORT/DB."
        ) from error
    fleet: RedisFleet | None = None
    try:
        server = await _look(redis, warn)
        if server.too_old is not None:
            raise SettingsError(f"--limiter: {server.too_old}.")
        async with open_task_group() as tasks:
            fleet = RedisFleet(
                url, redis, tasks, is_cluster=server.is_cluster, clock=clock, log=log
            )
            try:
                yield fleet
            finally:
                tasks.cancel_scope.cancel()
                with anyio.move_on_after(LEAVE_WITHIN, shield=True):
                    await fleet.leave()
    finally:
        with anyio.move_on_after(LEAVE_WITHIN, shield=True):
            for client in (redis, *(fleet.own_clients if fleet is not None else ())):
                await client.aclose()


def _together(one: FleetMember, other: FleetMember) -> FleetMember:
    """What two buckets know of one process."""
    rates = [rate for rate in (one.rate, other.rate) if rate is not None]
    return FleetMember(
        name=one.name,
        rate=sum(rates) if rates else None,
        silent_seconds=min(one.silent_seconds, other.silent_seconds),
        leads=one.leads or other.leads,
        is_self=one.is_self,
    )


def _connect(url: str) -> Redis:
    return connect(url, longest_reply=LONGEST_REPLY, retries=1)


async def _look(redis: Redis, warn: Callable[[str], None]) -> RedisServer:
    try:
        return await describe(redis)
    except REDIS_ERRORS as error:
        warn(
            f"The shared quota can't be had: {redis_error_text(error)}. Going on alone at a share"
            " of the rate, until Redis is there."
        )
        return RedisServer()
