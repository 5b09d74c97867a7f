"""A redis-server for the session, one that a test may stop, a bucket of its own for each test."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from tests.limiters.simulated_fleet import address
from tests.servers import Server, redis_server, running

_numbers = itertools.count()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(redis_server(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Not started yet."""
    server = redis_server(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def name() -> str:
    return f"account/region/{next(_numbers)}"


@pytest.fixture
async def client(redis: Server) -> AsyncIterator[Redis]:
    async with Redis.from_url(address(redis)) as client:
        yield client
