"""The scripts of the queue: what they drop, what they take off the group, what they count."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from batcher.queues import redis_streams_scripts
from batcher.queues.factory import OpenedQueue, open_queue
from batcher.queues.redis_streams_client import GROUP, NO_ONE
from batcher.testing import update
from tests.queues.streams import number_of, receive_all, url
from tests.servers import Server

SCRIPTS = {name: text for name, text in vars(redis_streams_scripts).items() if name.isupper()}
# what each is given after the group
GIVEN = {
    "FOUND": [""],
    "TEND": ["me", NO_ONE, "mark=1", 0],
    "CLAIM": ["me", 5, 0],
    "RECOVER": ["me", 5],
    "REASSIGN": ["me", "you", 0, "1-0"],
    "ACKNOWLEDGE": ["me", "1-0"],
    "BURY": ["me", "1-0", "body", "{}"],
    "LEAVE": ["me"],
    "SEND": [1, 60, "{}"],
    "REDRIVE": ["1-0", "body", "{}"],
    "DEPTH": [NO_ONE],
}


async def consumers(client: Redis, stream: str) -> dict[str, int]:
    """What each consumer holds, without the mark of the group."""
    found = await client.xinfo_consumers(stream, GROUP)
    names = {each["name"].decode(): int(each["pending"]) for each in found}
    return {name: held for name, held in names.items() if not name.startswith("mark=")}


@pytest.mark.parametrize("name", [name for name in SCRIPTS if not name.startswith("_")])
async def test_none_makes_a_stream_that_is_gone(client: Redis, name: str) -> None:
    stream, dead = f"gone-{name}", f"gone-{name}:dead"
    await client.xadd(dead, {"body": "{}"}, id="1-0")
    arguments = [stream, dead, GROUP, *GIVEN[name]]
    if name == "FOUND":
        assert await client.eval(SCRIPTS[name], 2, *arguments) is None
    else:
        with pytest.raises(ResponseError, match=r"NOGROUP|no such key"):
            await client.eval(SCRIPTS[name], 2, *arguments)
    assert not await client.exists(stream)
    assert await client.xlen(dead) == 1


async def test_what_was_deleted_while_it_was_pending_is_dropped_and_the_rest_is_done(
    redis: Server, client: Redis
) -> None:
    async with open_queue(url(redis.port, "deleted"), lease=0) as opened:
        await opened.producer.send([update(number) for number in range(25)], "b")
        reply: Any = await client.xreadgroup(GROUP, "gone", {"deleted": ">"}, count=20)
        entries = [identity for identity, _ in reply[0][1]]
        await client.xdel("deleted", *entries[:18])
        received = await receive_all(opened, 7, lambda: 4)
        assert [number_of(message) for message in received] == list(range(18, 25))
        for message in received:
            await opened.queue.acknowledge(message)
        assert (await client.xpending("deleted", GROUP))["pending"] == 0


async def test_names_of_the_dead_go_once_they_hold_nothing_and_who_lives_loses_nothing(
    redis: Server, client: Redis
) -> None:
    async with (
        open_queue(url(redis.port, "names2"), lease=0) as one,
        open_queue(url(redis.port, "names2"), lease=300) as other,
    ):
        await one.producer.send([update(number) for number in range(3)], "b")
        for name in ("dead1", "dead2", "empty"):
            await client.xgroup_createconsumer("names2", GROUP, name)
        for name in ("dead1", "dead2"):
            await client.xreadgroup(GROUP, name, {"names2": ">"}, count=1)
        held = await other.queue.receive(1)
        waiting = asyncio.create_task(other.queue.receive(1))  # alive, and idle from now on
        received = await one.queue.receive(1)
        assert "dead2" in await consumers(client, "names2"), "it holds an entry"
        while len(received) < 3:
            received += await one.queue.receive(3)
        for message in received:
            await one.queue.acknowledge(message)
        left = await until_none_is_dead(client, one)
        assert NO_ONE not in left or left[NO_ONE] == 0
        await one.producer.send([update(9)], "b")
        newest = await waiting or await other.queue.receive(1)
        assert number_of((newest or await one.queue.receive(1))[0]) == 9
        assert held is not None


async def until_none_is_dead(client: Redis, opened: OpenedQueue) -> dict[str, int]:
    left = await consumers(client, "names2")
    while {"dead1", "dead2", "empty"} & set(left):
        await opened.queue.receive(1)
        left = await consumers(client, "names2")
    return left


async def test_counts_are_never_below_zero_whatever_was_trimmed(
    redis: Server, client: Redis
) -> None:
    async with open_queue(url(redis.port, "trimmed")) as opened:
        await opened.producer.send([update(number) for number in range(9)], "b")
        await opened.queue.receive(5)
        for left in (7, 3, 0):
            await client.xtrim("trimmed", maxlen=left, approximate=False)
            depth = await opened.admin.depth()
            assert min(depth.waiting, depth.held, depth.dead or 0) >= 0
        seconds, _ = await client.time()
        await client.xadd("trimmed", {"body": b"{}"}, id=f"{(seconds + 3600) * 1000}-0")
        assert (await opened.admin.depth()).oldest_seconds == 0, "its clock was set back"
