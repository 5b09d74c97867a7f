"""What a Redis says of itself: versions, clusters, and how it may lose a queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import hypothesis.strategies as st
import pytest
from hypothesis import given
from redis.crc import key_slot
from redis.exceptions import ResponseError

from batcher.redis_client import connect
from batcher.redis_server import RedisServer, describe, has_hash_tag, with_hash_tag
from tests.scripted_redis import bulk, scripted_redis


@asynccontextmanager
async def described(info: bytes) -> AsyncIterator[RedisServer]:
    async with scripted_redis(lambda words, connection: info) as server:
        redis = connect(f"redis://127.0.0.1:{server.port}/0")
        try:
            yield await describe(redis)
        finally:
            await redis.aclose()


@pytest.mark.parametrize(
    ("version", "wrong"),
    [
        *((version, True) for version in ("6.1.99", "6.0.16", "5.0.14", "2.8.4", "6.1", "0.1")),
        *((version, False) for version in ("6.2", "6.2.0", "6.10.0", "7.4.2", "10.0.1", "255.255")),
        # whatever it is, it does not say that it is too old
        *((version, False) for version in ("", "unstable", "6", "5.x", "5.0.1-\x1b[2J", "9" * 99)),
    ],
)
async def test_a_version_that_is_too_old_is_told_with_the_one_that_is_needed(
    version: str, wrong: bool
) -> None:
    async with described(bulk(f"# Server\r\nredis_version:{version}\r\n")) as server:
        assert (server.too_old is not None) is wrong
        if server.too_old is not None:
            assert version in server.too_old
            assert "needs version 6.2 or later" in server.too_old


@pytest.mark.parametrize(
    ("lines", "cluster", "risks"),
    [
        ("redis_mode:standalone\r\ncluster_enabled:0", False, []),
        ("redis_mode:cluster", True, []),
        ("cluster_enabled:1", True, []),
        *((f"maxmemory_policy:allkeys-{how}", False, ["evicts"]) for how in ("lru", "lfu", "new")),
        *((f"maxmemory_policy:{policy}", False, []) for policy in ("noeviction", "volatile-lru")),
        ("aof_enabled:0\r\nmaxmemory_policy:allkeys-lru", False, ["evicts", "append-only"]),
        ("aof_enabled:1", False, []),
        ("maxmemory_policy:allkeys-\x1b[2J", False, []),
    ],
)
async def test_what_may_lose_the_queue_is_told(lines: str, cluster: bool, risks: list[str]) -> None:
    async with described(bulk(lines + "\r\n")) as server:
        assert server.is_cluster is cluster
        assert len(server.risks) == len(risks)
        assert all(risk in said for risk, said in zip(risks, server.risks, strict=True))


@pytest.mark.parametrize(
    "refusal",
    [
        b"-NOPERM this user has no permissions\r\n",
        b"-ERR unknown command 'INFO'\r\n",
        *(b":7\r\n", b"*1\r\n:7\r\n", b"$-1\r\n", b"+OK\r\n", b"$4\r\n\xff\xfe:a\r\n"),
    ],
)
async def test_who_may_not_ask_is_served_all_the_same(refusal: bytes) -> None:
    async with described(refusal) as server:
        assert server == RedisServer()
        assert (server.too_old, server.risks) == (None, ())


async def test_another_refusal_is_one_of_redis() -> None:
    with pytest.raises(ResponseError, match="cluster mode"):
        async with described(b"-ERR SELECT is not allowed in cluster mode\r\n"):
            pass


@given(
    st.text(st.sampled_from("ab{}:é"), min_size=1, max_size=8),
    st.text(st.sampled_from("{}x"), max_size=3),
)
def test_a_name_with_a_hash_tag_has_all_its_keys_in_one_slot(name: str, suffix: str) -> None:
    def slot(key: str) -> int:
        return int(key_slot(key.encode()))

    tagged = unquote(with_hash_tag(name))
    assert name in tagged
    assert has_hash_tag(tagged)
    for each in (name, tagged):
        if has_hash_tag(each):
            assert slot(each) == slot(f"{each}:dead") == slot(f"{each}:{suffix}")
    if not has_hash_tag(name):
        assert len({slot(name + more) for more in ("", ":dead", ":1", ":2")}) > 1
