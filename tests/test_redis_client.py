"""URLs of Redis, refused without quoting a password; servers that stop being the right one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from batcher.redis_client import NotPrimaryError, Script, connect, redis_error_text
from tests.scripted_redis import scripted_redis
from tests.servers import free_port


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("redis://localhost", 0),
        ("redis://localhost:6380/3", 3),
        ("redis://user:p%40ss@localhost/1?client_name=b", 1),
        ("redis://localhost?db=2", 2),
    ],
)
async def test_a_url_is_a_client_that_has_not_connected_yet(url: str, database: int) -> None:
    client = connect(url)
    assert int(client.connection_pool.connection_kwargs.get("db", 0)) == database
    await client.aclose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://u:se/cret@localhost", "its host or port can't be read"),
        ("redis://u:se?cret@localhost", "its host or port can't be read"),
        ("redis://localhost:secret", "its host or port can't be read"),
        ("redis://localhost:-1", "its host or port can't be read"),
        ("redis://localhost/secret", "its database is no number"),
        ("redis://localhost?db=secret", "its database is no number"),
        ("redis://localhost?socket_timeout=secret", "there is no option socket_timeout"),
        ("redis://localhost?ssl_cert_reqs=secret", "those that begin with ssl_ need rediss://"),
    ],
)
def test_a_url_that_means_nothing_is_refused_without_quoting_it(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        connect(url)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "cret" not in str(refused.value)


@asynccontextmanager
async def client_of(port: int, **given: Any) -> AsyncIterator[Redis]:
    client = connect(f"redis://127.0.0.1:{port}/0", **given)
    try:
        yield client
    finally:
        await client.aclose()


@pytest.mark.parametrize("ask_again", [True, False])
@pytest.mark.parametrize(
    "said",
    [
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-READONLY You can't write against a read only replica. script: 5, on @user_script:3.\r\n",
        b"-ERR Error running script (call to f_5): @user_script:3: -READONLY You can't write\r\n",
        b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
        b"-UNBLOCKED force unblock from blocking operation, instance state changed\r\n",
        b"-MOVED 7 :%(port)d\r\n",
    ],
)
async def test_a_server_that_is_no_primary_any_more_is_left_and_found_anew_by_name(
    said: bytes, ask_again: bool
) -> None:
    def reply(words: list[bytes], connection: int) -> bytes:
        return said.replace(b"%(port)d", b"%d" % server.port) if connection == 1 else b":7\r\n"

    async with (
        scripted_redis(reply) as server,
        client_of(server.port, ask_again=ask_again) as redis,
    ):
        assert await redis.xlen("s") == 7
        assert server.asked == [(1, "XLEN"), (2, "XLEN")]


async def test_one_that_stays_a_replica_is_told_as_that_after_some_tries() -> None:
    async with (
        scripted_redis(lambda words, connection: b"-READONLY You can't write\r\n") as server,
        client_of(server.port) as redis,
    ):
        with pytest.raises(NotPrimaryError, match="the server is a replica") as refused:
            await redis.xlen("s")
        assert redis_error_text(refused.value) == "READONLY: the server is a replica"
        assert server.connections == 3


async def test_the_node_of_a_cluster_that_has_the_key_is_followed_and_left_when_it_is_away() -> (
    None
):
    async with (
        scripted_redis(lambda words, connection: b":7\r\n") as node,
        scripted_redis(lambda words, connection: moved(words)) as named,
        client_of(named.port, ask_again=False) as redis,
    ):
        answers = {b"s": b"-MOVED 7 127.0.0.1:%d\r\n" % node.port, b"t": b":8\r\n"}

        def moved(words: list[bytes]) -> bytes:
            return answers[words[1]]

        assert await redis.xlen("s") == 7
        assert await redis.xlen("s") == 7
        assert [connection for connection, _ in named.asked] == [1]
        # now it is with one that is not there, and then with the first one
        answers[b"u"] = b"-MOVED 7 127.0.0.1:%d\r\n" % free_port()
        await redis.connection_pool.disconnect()
        async with client_of(named.port) as other:
            with pytest.raises(NotPrimaryError, match="another node of a cluster"):
                await other.xlen("u")
            assert await other.xlen("t") == 8


@pytest.mark.parametrize("node_says", [b"HTTP/1.1 400 Bad Request\r\n", None, b"-ERR no\r\n"])
async def test_a_node_that_is_none_is_not_asked_for_ever(node_says: bytes | None) -> None:
    answers = iter([True, False])

    def named_says(words: list[bytes], connection: int) -> bytes:
        return b"-MOVED 7 127.0.0.1:%d\r\n" % node.port if next(answers) else b":8\r\n"

    async with (
        scripted_redis(lambda words, connection: node_says) as node,
        scripted_redis(named_says) as named,
        client_of(named.port, ask_again=False) as redis,
    ):
        with pytest.raises(RedisError):
            await redis.xlen("s")
        await redis.connection_pool.disconnect()
        assert await redis.xlen("s") == 8


@pytest.mark.parametrize("said", ["MOVED", "MOVED x", "MOVED 1 h:p", "ASK 1 :", "MOVED 1 h:1 2"])
async def test_an_address_that_is_none_is_an_error_of_redis(said: str) -> None:
    async with (
        scripted_redis(lambda words, connection: f"-{said}\r\n".encode()) as server,
        client_of(server.port) as redis,
    ):
        with pytest.raises(RedisError):
            await redis.xlen("s")


@pytest.mark.parametrize(("ask_again", "times"), [(True, 3), (False, 1)])
async def test_what_must_not_be_done_twice_is_not_asked_again_when_its_reply_is_lost(
    ask_again: bool, times: int
) -> None:
    async with (
        scripted_redis(lambda words, connection: None) as server,
        client_of(server.port, ask_again=ask_again) as redis,
    ):
        with pytest.raises(RedisError):
            await redis.xlen("s")
        assert [command for _, command in server.asked] == ["XLEN"] * times


async def test_a_script_is_sent_as_a_whole_only_where_the_server_does_not_have_it() -> None:
    known: set[bytes] = set()

    def reply(words: list[bytes], connection: int) -> bytes:
        if words[0] == b"EVAL":
            known.add(sha1(words[1], usedforsecurity=False).hexdigest().encode())
        elif words[1] not in known:
            return b"-NOSCRIPT No matching script.\r\n"
        return b":%d\r\n" % len(words)

    async with scripted_redis(reply) as server, client_of(server.port) as redis:
        script = Script(redis, "return #KEYS")
        assert [await script(keys=["a", "b"], args=[1]) for _ in range(2)] == [6, 6]
        assert [command for _, command in server.asked] == ["EVALSHA", "EVAL", "EVALSHA"]
