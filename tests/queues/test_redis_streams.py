"""Redis as a consumer has it: poisoned entries, names that are left, entries that others have."""

import asyncio
from typing import Any

from redis.asyncio import Redis

from batcher.queues.factory import open_queue
from batcher.queues.redis_streams import MAX_DELIVERIES, RedisQueue
from batcher.queues.redis_streams_admin import RedisAdmin
from batcher.queues.redis_streams_client import GROUP, RedisStream
from batcher.records import Message
from batcher.testing import update
from tests.servers import Server


async def workers(client: Redis, stream: str) -> list[dict[str, Any]]:
    """The consumers of a stream's group, without the mark of the group."""
    found = await client.xinfo_consumers(stream, GROUP)
    return [each for each in found if not each["name"].startswith(b"mark=")]


async def test_a_message_that_kills_every_worker_ends_among_the_dead(
    redis: Server, client: Redis
) -> None:
    async with open_queue(f"redis://127.0.0.1:{redis.port}/0?stream=poison", lease=0) as opened:
        await opened.producer.send([update(1), update(2)], "b")
        entries = await client.xreadgroup(GROUP, "victim", {"poison": ">"}, count=1)
        entry = entries[0][1][0][0]
        await client.xclaim("poison", GROUP, "victim", 0, [entry], retrycount=MAX_DELIVERIES)
        messages = await opened.queue.receive(10) or await opened.queue.receive(10)
        assert [message.body for message in messages] == [
            b'{"id":"2","target":"default","DomainName":"acme","EventTriggerName":"t2"}'
        ]
        assert [letter.code async for letter in opened.admin.dead()] == ["TooManyReceives"]


async def test_a_worker_that_leaves_takes_its_name_away_but_nothing_that_it_held(
    redis: Server, client: Redis
) -> None:
    url = f"redis://127.0.0.1:{redis.port}/0?stream=names"
    async with open_queue(url) as opened:
        await opened.producer.send([update(1)], "b")
        async with open_queue(url):
            pass
        await opened.queue.receive(1)
    pending = await client.xpending("names", GROUP)
    assert pending["pending"] == 1
    assert [each["pending"] for each in await workers(client, "names")] == [1]


async def test_a_thousand_are_kept_and_given_back_in_one_step_and_come_again_in_their_order(
    redis: Server, client: Redis
) -> None:
    async def steps() -> int:
        return int((await client.info("commandstats"))["cmdstat_evalsha"]["calls"])

    url = f"redis://127.0.0.1:{redis.port}/0?stream=thousand"
    async with open_queue(url, lease=300) as mine, open_queue(url, lease=300) as others:
        await mine.producer.send([update(number) for number in range(1000)], "b")
        held = await mine.queue.receive(1000)
        assert all(await asyncio.gather(*map(mine.queue.extend, held)))
        before = await steps()
        await asyncio.gather(*map(mine.queue.acknowledge, held[:200]))
        assert await steps() <= before + 2  # a hundred at a time
        before = await steps()
        await asyncio.gather(*map(mine.queue.release, reversed(held[200:])))
        assert await steps() == before + 1, (
            "who looks in between finds newer ones without the older ones"
        )
        assert [message.body for message in await others.queue.receive(1000)] == [
            message.body for message in held[200:]
        ]


async def test_what_a_worker_gave_back_comes_to_it_again_before_anything_newer(
    redis: Server,
) -> None:
    async with open_queue(f"redis://127.0.0.1:{redis.port}/0?stream=back", lease=300) as opened:
        await opened.producer.send([update(number) for number in range(4)], "b")
        first, second = await opened.queue.receive(2)  # after a look at what others left
        for given_back in (second, first):
            await opened.queue.release(given_back)
            (again,) = await opened.queue.receive(1)
            assert again.body == given_back.body
        assert len(await opened.queue.receive(10)) == 2


async def test_what_is_given_back_while_it_looks_for_such_comes_before_anything_newer(
    redis: Server,
) -> None:
    class GivingBack(RedisQueue):
        """Gives a message back just after it has looked for such."""

        held: Message | None = None

        async def _take(self, *given: Any) -> list[Message]:
            found = await super()._take(*given)
            if (held := self.held) is not None:
                self.held = None
                await self.release(held)
            return found

    async with RedisStream(f"redis://127.0.0.1:{redis.port}/0", "looked") as stream:
        queue = GivingBack(stream, lease=300)
        await RedisAdmin(stream).send([update(number) for number in range(3)], "b")
        first, second = await queue.receive(2)
        await queue.release(second)
        queue.held = first
        assert [each.handle for each in await queue.receive(2)] == [second.handle]
        assert [each.handle for each in await queue.receive(1)] == [first.handle]
        await queue.leave()


async def test_what_another_worker_has_by_now_is_left_to_it(redis: Server, client: Redis) -> None:
    url = f"redis://127.0.0.1:{redis.port}/0?stream=taken"
    async with open_queue(url, lease=0) as slow, open_queue(url, lease=0) as quick:
        await slow.producer.send([update(1)], "b")
        (lost,) = await slow.queue.receive(1)
        (found,) = await quick.queue.receive(1)
        await slow.queue.acknowledge(lost)
        await slow.queue.dead_letter(lost, "Late", "too late")
        assert (await quick.admin.depth()).held == 1
        assert [letter.code async for letter in quick.admin.dead()] == []
        await quick.queue.dead_letter(found, "Invalid", "wrong")
        assert [letter.code async for letter in quick.admin.dead()] == ["Invalid"]
