"""The connection to a Redis stream: a server that goes away, that refuses, that was emptied."""

import asyncio

import pytest
from redis.asyncio import Redis

from batcher.errors import QueueError
from batcher.queues.factory import open_queue
from batcher.queues.redis_streams_client import GROUP, RedisStream, message_of_entry
from batcher.testing import update
from tests.servers import Server, redis_server


async def test_a_redis_that_goes_away_is_an_error_soon_and_works_again_when_it_is_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = redis_server(tmp_path_factory.mktemp("redis"))
    server.start()
    try:
        async with open_queue(f"redis://127.0.0.1:{server.port}/0?stream=s") as opened:
            server.stop()
            async with asyncio.timeout(5):
                with pytest.raises(QueueError, match="no answer from Redis"):
                    await opened.queue.receive(1)
            server.start()
            # it came back empty; the group is made anew
            with pytest.raises(QueueError, match="vanished"):
                await opened.queue.receive(1)
            await opened.producer.send([update(1)], "b")
            assert len(await opened.queue.receive(1)) == 1
    finally:
        server.stop()


async def test_a_password_that_redis_refuses_is_called_that(redis: Server) -> None:
    with pytest.raises(QueueError, match="refuses the credentials"):
        async with open_queue(f"redis://nobody:wrong@127.0.0.1:{redis.port}/0?stream=s"):
            pass


async def test_a_stream_that_is_only_looked_at_is_not_made(redis: Server, client: Redis) -> None:
    url = f"redis://127.0.0.1:{redis.port}/0"
    with pytest.raises(QueueError, match="queue looked-at: not in this database"):
        async with RedisStream(url, "looked-at", create=False):
            pass
    assert not await client.exists("looked-at")
    for _ in range(2):  # making it again is harmless
        async with RedisStream(url, "looked-at") as stream:
            assert [group["name"] for group in await client.xinfo_groups("looked-at")] == [
                GROUP.encode()
            ]
    async with RedisStream(url, "looked-at", create=False):
        assert stream.dead_name == "looked-at:dead"


def test_an_entry_says_when_it_was_sent_by_its_id() -> None:
    message = message_of_entry(b"1767225600500-3", {b"body": b"{}"}, 2)
    assert (message.id, message.handle, message.body) == ("1767225600500-3", message.id, b"{}")
    assert (message.sent_at, message.receives, message.group) == (1767225600.5, 2, None)
    assert message_of_entry(b"1-0", {b"what": b"somebody else's"}, 1).body == b""
