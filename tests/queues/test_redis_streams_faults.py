"""A Redis stream under faults: lost replies, failovers, clusters, old versions, what vanishes.

All through ``open_queue``, on real servers but for the versions that are not installed.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from batcher.errors import QueueError, UnusableQueueError
from batcher.queues.factory import OpenedQueue, open_queue
from batcher.queues.redis_streams_client import GROUP
from batcher.records import Message
from batcher.testing import update
from tests.queues.streams import number_of, receive_all, url
from tests.scripted_redis import CuttingProxy, bulk, cutting_proxy, scripted_redis
from tests.servers import Server, redis_server, running
from tests.waiting import until


@asynccontextmanager
async def behind_proxy(
    redis: Server, stream: str
) -> AsyncIterator[tuple[CuttingProxy, OpenedQueue]]:
    async with (
        cutting_proxy(redis.port) as proxy,
        open_queue(url(proxy.port, stream), lease=300) as opened,
    ):
        yield proxy, opened


@pytest.mark.parametrize("seed", range(4))
async def test_a_worker_that_lives_keeps_its_order_whatever_replies_are_lost(
    redis: Server, client: Redis, seed: int
) -> None:
    chance = random.Random(seed)
    async with behind_proxy(redis, f"lossy{seed}") as (proxy, opened):
        await opened.producer.send([update(number) for number in range(40)], "b")
        proxy.lose = lambda command: command != "INFO" and chance.random() < 0.3
        received = await receive_all(opened, 40, lambda: chance.randint(1, 7))
        assert [number_of(message) for message in received] == list(range(40))
        assert {message.receives for message in received} == {1}
        proxy.lose = lambda command: False
        for message in received:
            await opened.queue.acknowledge(message)
        assert await client.xlen(f"lossy{seed}") == 0
        assert not await client.xpending_range(f"lossy{seed}", GROUP, "-", "+", 1)


async def test_what_others_left_is_not_lost_with_the_reply_that_brings_it(redis: Server) -> None:
    async with behind_proxy(redis, "claimed") as (proxy, opened):
        await opened.producer.send([update(number) for number in range(3)], "b")
        async with open_queue(url(redis.port, "claimed")) as other:
            for message in await other.queue.receive(3):
                await other.queue.release(message)
            lost = iter([True])
            proxy.lose = lambda command: command == "EVALSHA" and next(lost, False)
            # the first script of a receive is not the claim: it fails either way
            received = await receive_all(opened, 3, lambda: 2)
        assert [number_of(message) for message in received] == [0, 1, 2]


async def test_an_update_is_not_put_in_twice_when_the_reply_is_lost(
    redis: Server, client: Redis
) -> None:
    async with behind_proxy(redis, "sent") as (proxy, opened):
        await opened.producer.send([update(1)], "b")  # the script is there from now on
        proxy.lose = lambda command: command == "EVALSHA"
        with pytest.raises(QueueError, match="no answer from Redis"):
            await opened.producer.send([update(2)], "b")
        assert await client.xlen("sent") == 2


async def test_after_a_failover_the_new_primary_is_found_by_its_name(
    redis: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running(redis_server(tmp_path_factory.mktemp("new"))) as new:
        async with (
            behind_proxy(redis, "failover") as (proxy, opened),
            Redis(port=redis.port) as old_client,
            Redis(port=new.port) as new_client,
        ):
            await opened.producer.send([update(1), update(2)], "b")
            (held,) = await opened.queue.receive(1)
            await old_client.config_set("repl-diskless-sync-delay", 0)
            await new_client.replicaof("127.0.0.1", str(redis.port))

            async def caught_up() -> bool:
                return bool(await new_client.xlen("failover") == 2)

            await until(caught_up)
            await new_client.replicaof("NO", "ONE")
            try:
                # connections to the old one stay open; it refuses to write
                await old_client.replicaof("127.0.0.1", str(new.port))
                proxy.to = new.port
                await opened.queue.acknowledge(held)
                (message,) = await opened.queue.receive(1)
                assert number_of(message) == 2
                await opened.queue.acknowledge(message)
                assert await new_client.xlen("failover") == 0
            finally:
                await old_client.replicaof("NO", "ONE")


async def test_a_cluster_works_with_a_hash_tag_from_whichever_node(
    redis_cluster: tuple[Server, Server],
) -> None:
    owner, other = redis_cluster
    assert owner.port != other.port
    async with open_queue(url(other.port, "all{of}it"), lease=0) as opened:
        await opened.producer.send([update(number) for number in range(3)], "b")
        first, second, third = await opened.queue.receive(3)
        assert await opened.queue.extend(third)
        await opened.queue.acknowledge(first)
        await opened.queue.dead_letter(second, "Invalid", "wrong")
        await opened.queue.release(third)
        depth = await opened.admin.depth()
        assert (depth.waiting, depth.held, depth.dead) == (1, 0, 1)
        (letter,) = [each async for each in opened.admin.dead()]
        await opened.admin.redrive(letter)
        assert (await opened.admin.depth()).waiting == 2


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("name", ["updates", "{}updates", "up}dates{"])
async def test_a_cluster_is_refused_at_the_start_with_a_name_that_would_do(
    redis_cluster: tuple[Server, Server], name: str, create: bool
) -> None:
    with pytest.raises(UnusableQueueError, match="a cluster") as refused:
        async with open_queue(url(redis_cluster[0].port, name), create=create):
            pass
    offered = str(refused.value).partition("?stream=")[2].split()[0]
    async with open_queue(url(redis_cluster[0].port, offered)) as opened:
        await opened.producer.send([update(1)], "b")
        (message,) = await opened.queue.receive(1)
        await opened.queue.dead_letter(message, "Invalid", "wrong")


@pytest.mark.parametrize("which", [0, 1])
async def test_a_cluster_that_may_not_be_asked_what_it_is_is_refused_too(
    redis_cluster: tuple[Server, Server], which: int
) -> None:
    port = redis_cluster[which].port
    rules = ("on", ">secret", "~*", "&*", "+@all", "-info", "-config")
    async with Redis(port=port) as client:
        await client.execute_command("ACL", "SETUSER", "plain", *rules)
    with pytest.raises(UnusableQueueError, match=r"\?stream=\{updates\}"):
        async with open_queue(f"redis://plain:secret@127.0.0.1:{port}/0?stream=updates"):
            pass


async def test_a_database_that_a_cluster_does_not_have_is_told(
    redis_cluster: tuple[Server, Server],
) -> None:
    place = f"redis://127.0.0.1:{redis_cluster[0].port}/1?stream={{updates}}"
    with pytest.raises(UnusableQueueError, match="database 0 only"):
        async with open_queue(place):
            pass


@pytest.mark.parametrize("version", ["6.0.16", "5.0.7"])
async def test_an_older_redis_is_refused_at_the_start(version: str) -> None:
    def reply(words: list[bytes], connection: int) -> bytes:
        assert words[0] == b"INFO", "nothing else is asked"
        return bulk(f"redis_version:{version}\r\n")

    async with scripted_redis(reply) as server:
        with pytest.raises(UnusableQueueError, match=f"{version}; batcher needs version 6.2"):
            async with open_queue(url(server.port, "updates")):
                pass


@pytest.mark.parametrize("made_anew_by_others", [False, True])
async def test_a_stream_that_vanished_is_told_and_made_anew(
    redis: Server, client: Redis, made_anew_by_others: bool
) -> None:
    place = url(redis.port, f"vanish{made_anew_by_others}")
    async with open_queue(place) as opened, open_queue(place) as other:
        await opened.producer.send([update(1)], "b")
        assert await other.queue.receive(1)
        await client.delete(f"vanish{made_anew_by_others}")
        if made_anew_by_others:
            async with open_queue(place) as third:
                await third.producer.send([update(2)], "b")
        else:
            with pytest.raises(QueueError, match="vanished"):
                await opened.producer.send([update(2)], "b")
            await opened.producer.send([update(2)], "b")
        said, received = "", list[Message]()
        while not said or not received:  # the group is looked at once in a second
            try:
                received += await other.queue.receive(1)
            except QueueError as error:
                said = str(error)
        assert "vanished" in said
        assert "made anew; enqueue again" in said
        assert [number_of(message) for message in received] == [2]
        with pytest.raises(QueueError, match="not in this database"):
            async with open_queue(url(redis.port, "never"), create=False):
                pass


async def test_a_policy_that_evicts_is_told_at_the_start(redis: Server, client: Redis) -> None:
    await client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        async with open_queue(url(redis.port, "evicted")) as opened:
            assert any("maxmemory-policy allkeys-lru" in risk for risk in opened.risks)
            assert any("append-only" in risk for risk in opened.risks)
    finally:
        await client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("said", [b":1\r\n", b"*0\r\n", b"HTTP/1.1 400 Bad Request\r\n"])
async def test_what_is_no_redis_is_told_as_that(said: bytes) -> None:
    async with scripted_redis(lambda words, connection: said) as server:
        with pytest.raises(QueueError, match="what answers there is no Redis"):
            async with open_queue(url(server.port, "updates")):
                pass
