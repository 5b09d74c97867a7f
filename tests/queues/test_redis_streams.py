"""What is Redis's alone.

Poisoned entries, a server that goes away and comes back, consumers that are tidied away.
"""

import asyncio

import pytest
from redis.asyncio import Redis

from batcher.errors import QueueError, SettingsError
from batcher.queues.factory import open_queue
from batcher.queues.redis_streams import MAX_DELIVERIES
from batcher.queues.redis_streams_client import GROUP
from batcher.testing import update
from tests.conftest import Command
from tests.servers import Server, redis_server


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
    consumers = await client.xinfo_consumers("names", GROUP)
    assert pending["pending"] == 1
    assert [consumer["pending"] for consumer in consumers] == [1]


async def test_a_thousand_are_kept_and_given_back_in_one_step_and_come_again_in_their_order(
    redis: Server, client: Redis
) -> None:
    async def steps() -> int:
        return int((await client.info("commandstats"))["cmdstat_exec"]["calls"])

    url = f"redis://127.0.0.1:{redis.port}/0?stream=thousand"
    async with open_queue(url, lease=300) as mine, open_queue(url, lease=300) as others:
        await mine.producer.send([update(number) for number in range(1000)], "b")
        held = await mine.queue.receive(1000)
        assert all(await asyncio.gather(*map(mine.queue.extend, held)))
        await asyncio.gather(*map(mine.queue.acknowledge, held[:200]))
        before = await steps()
        await asyncio.gather(*map(mine.queue.release, reversed(held[200:])))
        assert await steps() == before + 1, (
            "who looks in between finds newer ones without the older ones"
        )
        assert [message.body for message in await others.queue.receive(1000)] == [
            message.body for message in held[200:]
        ]


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
            with pytest.raises(QueueError, match="NOGROUP"):
                await opened.queue.receive(1)
            await opened.producer.send([update(1)], "b")
            assert len(await opened.queue.receive(1)) == 1
    finally:
        server.stop()


@pytest.mark.parametrize("url", ["redis://127.0.0.1/0", "kafka:x", "sqs:", "spool:x"])
async def test_a_url_that_means_no_message_queue_says_what_would(url: str) -> None:
    with pytest.raises(SettingsError, match=r"stream=NAME"):
        async with open_queue(url):
            pass


@pytest.mark.parametrize(
    ("rest", "wrong"),
    [
        ("host:6380/0", r"redis://host:6380/0: names no stream"),
        ("host/0?stream=", r"names no stream"),
        ("host/0?stream=s&foo=1", r"no option foo"),
        ("host/0?stream=s&group=g2", r"no option group"),
        ("host/0?stream=s&socket_timeout=abc", r"no option socket_timeout"),
        ("host/0?stream=s&ssl_cert_reqs=none", r"need rediss://"),
        ("host/?stream=s&db=x", r"database is no number"),
        ("host/zz?stream=s", r"database is no number"),
        ("host:99999/0?stream=s", r"host or port can't be read"),
        ("[::1/0?stream=s", r"host or port can't be read"),
        ("sec/ret:x@host/0?stream=s", r"%23"),
    ],
)
async def test_a_redis_url_that_is_wrong_is_told_in_words_without_its_password(
    rest: str, wrong: str
) -> None:
    for user in ("", "user:se#cret@"):
        with pytest.raises(
            SettingsError, match=r"can't be read" if user and "stream=s" in rest else wrong
        ) as caught:
            async with open_queue(f"redis://{user}{rest}"):
                pass
        assert "cret" not in str(caught.value)
        assert "sec/ret" not in str(caught.value)


async def test_a_password_that_redis_refuses_is_called_that(redis: Server) -> None:
    with pytest.raises(QueueError, match="refuses the credentials"):
        async with open_queue(f"redis://nobody:wrong@127.0.0.1:{redis.port}/0?stream=s"):
            pass


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
