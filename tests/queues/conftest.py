"""Queues on real servers: one of a kind for the session, a queue of its own for each test."""

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from batcher.queues.factory import OpenedQueue, open_queue
from tests.conftest import sdk_session
from tests.servers import Server, redis_server, running, running_cluster, sqs_server

LEASE = 2  # seconds: as short as SQS can have it with room for an extension in time

_HOLDER = """
import asyncio, sys
from batcher.queues.factory import open_queue

async def hold():
    async with open_queue(sys.argv[1], lease=int(sys.argv[2])) as opened:
        held = await opened.queue.receive(10)
        print(len(held), flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


class Place:
    """A queue by its URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self, lease: int = LEASE) -> AbstractAsyncContextManager[OpenedQueue]:
        return open_queue(self.url, lease=lease)

    @contextlib.asynccontextmanager
    async def held_by_another_process(
        self,
    ) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
        """A worker that holds up to ten messages and does nothing with them, and how many."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _HOLDER, self.url, str(LEASE), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            yield process, int(await process.stdout.readline())
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@pytest.fixture(scope="session")
def sqs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(sqs_server(tmp_path_factory.mktemp("sqs"))) as server:
        yield server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(redis_server(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Stand-ins, and nothing of this machine's settings."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


_numbers = itertools.count()


async def make_sqs(
    server: Server, *, fifo: bool = False, most_receives: int = 100, dead_letters: bool = True
) -> str:
    """A queue of SQS with its dead-letter queue; returns its URL."""
    endpoint = f"http://127.0.0.1:{server.port}"
    ending, kind = (".fifo", {"FifoQueue": "true"}) if fifo else ("", {})
    name = f"q{next(_numbers)}"
    async with sdk_session().create_client(
        "sqs", endpoint_url=endpoint, region_name="us-east-1"
    ) as client:
        policy = {}
        if dead_letters:
            dead = await client.create_queue(QueueName=f"{name}-dead{ending}", Attributes=kind)
            facts = await client.get_queue_attributes(
                QueueUrl=dead["QueueUrl"], AttributeNames=["QueueArn"]
            )
            arn = facts["Attributes"]["QueueArn"]
            policy = {
                "RedrivePolicy": json.dumps(
                    {"deadLetterTargetArn": arn, "maxReceiveCount": most_receives}
                )
            }
        queue = await client.create_queue(QueueName=f"{name}{ending}", Attributes=kind | policy)
        return str(queue["QueueUrl"])


@pytest.fixture(params=["sqs", "sqs-fifo", "redis"])
async def place(request: pytest.FixtureRequest) -> Place:
    """A queue of each kind in turn, empty."""
    server: Server = request.getfixturevalue(request.param.partition("-")[0])
    if request.param == "redis":
        return Place(f"redis://127.0.0.1:{server.port}/0?stream=s{next(_numbers)}")
    return Place(f"sqs:{await make_sqs(server, fifo=request.param == 'sqs-fifo')}")


@pytest.fixture
async def client(redis: Server) -> AsyncIterator[Redis]:
    async with Redis.from_url(f"redis://127.0.0.1:{redis.port}/0") as client:
        yield client
