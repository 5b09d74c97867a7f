"""Looking after a Redis stream: what waits, what is dead, putting it back."""

from uuid import uuid4

import pytest
from redis.asyncio import Redis

from batcher.queues.factory import open_queue
from batcher.queues.redis_streams_admin import PAGE, RedisAdmin
from batcher.queues.redis_streams_client import RedisStream
from batcher.testing import update
from tests.conftest import Command
from tests.servers import Server


async def test_dead_letters_of_any_kind_can_be_listed(
    redis: Server, client: Redis, batcher: Command
) -> None:
    url = f"redis://127.0.0.1:{redis.port}/0?stream=odd"
    async with open_queue(url) as opened:
        await opened.producer.send([update(1)], "b")
    for body in (b"\xff\xfe", b"[" * 100_000, b"7"):
        await client.xadd("odd:dead", {"body": body, "code": "Invalid", "reason": "no update"})
    await client.xadd("odd:dead", {"what": "somebody else's"})
    ended = await batcher("queue", "dead", url, "--json")
    assert (ended.code, len(ended.out.splitlines())) == (0, 4), ended.err


async def test_the_newest_dead_letters_are_looked_at_and_stay_where_they_are(
    redis: Server, client: Redis
) -> None:
    async with RedisStream(f"redis://127.0.0.1:{redis.port}/0", "newest") as stream:
        admin = RedisAdmin(stream)
        assert await admin.newest_dead(3) == []
        for number in range(7):
            await client.xadd("newest:dead", {"body": b"{}", "code": str(number), "reason": "r"})
        for _ in range(2):
            assert [each.code for each in await admin.newest_dead(3)] == ["6", "5", "4"]
        assert (await admin.depth()).dead == 7


async def test_more_than_a_page_goes_in_and_comes_out_in_order(
    redis: Server, client: Redis
) -> None:
    async with RedisStream(f"redis://127.0.0.1:{redis.port}/0", "pages") as stream:
        admin, count = RedisAdmin(stream), 2 * PAGE + 3
        await admin.send([update(number) for number in range(count)], "b")
        entries = await client.xrange("pages")
        assert [fields[b"body"] for _, fields in entries[:2]] == [
            b'{"id":"%d","target":"default","DomainName":"acme","EventTriggerName":"t%d"}' % (n, n)
            for n in range(2)
        ]
        async with client.pipeline() as together:
            for number in range(count):
                together.xadd("pages:dead", {"body": b"{}", "code": str(number), "reason": "r"})
            await together.execute()
        assert [int(letter.code) async for letter in admin.dead()] == list(range(count))
        depth = await admin.depth()
        assert (depth.waiting, depth.held, depth.dead) == (count, 0, count)
        assert depth.oldest_seconds is not None
        assert 0 <= depth.oldest_seconds < 60


async def test_the_oldest_is_as_old_as_the_first_that_is_not_acknowledged(
    redis: Server, client: Redis
) -> None:
    async with RedisStream(f"redis://127.0.0.1:{redis.port}/0", "old") as stream:
        admin = RedisAdmin(stream)
        seconds, _ = await client.time()
        for age in (600, 90, 0):
            await client.xadd("old", {"body": b"{}"}, id=f"{(seconds - age) * 1000}-0")
        for age in (600, 90):
            assert (await admin.depth()).oldest_seconds == pytest.approx(age, abs=5)
            await client.xtrim("old", minid=f"{(seconds - age) * 1000 + 1}-0", approximate=False)


async def test_a_letter_that_is_put_back_waits_again_and_is_dead_no_more(
    redis: Server, client: Redis
) -> None:
    async with RedisStream(f"redis://127.0.0.1:{redis.port}/0", "back") as stream:
        admin = RedisAdmin(stream)
        await client.xadd("back:dead", {"body": b"{}", "code": "Odd", "reason": "r"})
        (letter,) = [each async for each in admin.dead()]
        await admin.redrive(letter)
        depth = await admin.depth()
        assert (depth.waiting, depth.dead) == (1, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {b"data": b"{}", b"trace": b"1"},
        {b"body": b"no JSON", b"code": b"7", b"reason": b"mine", b"entry:code": b"8"},
        {b"body": b"", b"other": b"\xff"},
        {b"body": b""},
    ],
)
async def test_an_entry_comes_back_with_all_its_fields(
    redis: Server, client: Redis, fields: dict[bytes, bytes]
) -> None:
    name = f"fields{uuid4().hex}"
    async with open_queue(f"redis://127.0.0.1:{redis.port}/0?stream={name}") as opened:
        await client.xadd(name, fields)
        (message,) = await opened.queue.receive(1)
        await opened.queue.dead_letter(message, "Invalid", "no update")
        ((_, letter),) = await client.xrange(f"{name}:dead")
        assert (letter[b"code"], letter[b"reason"]) == (b"Invalid", b"no update")
        assert set(fields.values()) <= set(letter.values())
        (dead,) = [each async for each in opened.admin.dead()]
        await opened.admin.redrive(dead)
        assert [back for _, back in await client.xrange(name)] == [fields]
