"""What is told of the limiter's Redis and of a queue; nothing is taken and nothing is made."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from batcher.errors import QueueError
from batcher.jobs.diagnosis import Check, Told
from batcher.jobs.queue_admin import QueueAddress
from batcher.jobs.shared_checks import FIND_ACTIONS, check_limiter, check_queue
from batcher.queues.spool_directory import SpoolDirectory
from tests.odd_server import http, odd_server
from tests.scripted_redis import bulk, scripted_redis
from tests.servers import Server, redis_server, running


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(redis_server(tmp_path_factory.mktemp("redis"))) as server:
        yield server


async def limiter(setting: str) -> Check:
    told = Told("limiter")
    await check_limiter(setting, told)
    (check,) = told.checks
    return check


async def queue(url: str, *needed: str, is_made: bool = True) -> list[Check]:
    told = Told("queue")
    await check_queue(QueueAddress(url=url, region="eu-west-1"), needed, told, is_made=is_made)
    return told.checks


async def test_a_limiter_is_told_with_version_and_eviction(redis: Server) -> None:
    assert (await limiter("local")).verdict == "ok"
    url = f"redis://127.0.0.1:{redis.port}/0"
    with Redis(port=redis.port) as client:
        client.flushall()
        assert re.match(r"Redis \d+\.\d+\.\d+; it evicts no key", (await limiter(url)).seen)
        client.config_set("maxmemory-policy", "allkeys-lru")
        check = await limiter(url)
        client.config_set("maxmemory-policy", "noeviction")
        assert client.dbsize() == 0
    assert (check.verdict, "allkeys-lru" in check.seen) == ("warning", True)


async def test_a_redis_that_is_old_or_away_is_a_fault_and_its_password_is_not_told() -> None:
    async with scripted_redis(lambda *_: bulk("redis_version:5.0.7\r\n")) as old:
        check = await limiter(f"redis://:SECRET@127.0.0.1:{old.port}/0")
    assert (check.verdict, "Redis 5.0.7" in check.seen) == ("fault", True)
    check = await limiter("redis://:SECRET@127.0.0.1:1/0")
    assert (check.verdict, "Connection refused" in check.seen) == ("fault", True)
    assert "SECRET" not in check.seen


async def test_a_queue_in_redis_is_told_and_one_that_is_not_there_is_not_made(
    redis: Server,
) -> None:
    url = f"redis://127.0.0.1:{redis.port}/0?stream=updates"
    (check,) = await queue(url)
    assert (check.verdict, "not there yet" in check.seen) == ("ok", True)
    with pytest.raises(QueueError, match="not in this database"):
        await queue(url, is_made=False)
    with Redis(port=redis.port) as client:
        assert client.dbsize() == 0
        client.xgroup_create("updates", "batcher", mkstream=True)
        client.xgroup_createconsumer("updates", "batcher", "mark=1")
        (check,) = await queue(url)
        client.flushall()
    assert check.verdict == "warning"  # no append-only file
    assert "0 messages wait, 0 held, 0 dead" in check.seen


async def test_a_spool_directory_is_told_by_its_files(tmp_path: Path) -> None:
    (check,) = await queue(f"spool:{tmp_path}/none")
    assert (check.verdict, "not there yet" in check.seen) == ("ok", True)
    assert not list(tmp_path.iterdir())
    SpoolDirectory(tmp_path)
    there = sorted(tmp_path.iterdir())
    (tmp_path / "a.jsonl").write_text("")
    (check,) = await queue(f"spool:{tmp_path}")
    assert (check.verdict, "1 files wait" in check.seen) == ("ok", True)
    assert sorted(tmp_path.iterdir()) == sorted([*there, tmp_path / "a.jsonl"])


async def test_a_spool_that_could_not_be_made_or_used_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (check,) = await queue(f"spool:{tmp_path}/file/spool")
    assert (check.verdict, "file is no directory" in check.seen) == ("fault", True)
    with pytest.raises(QueueError, match="it is no directory"):
        await queue(f"spool:{tmp_path}/file")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "claimed").write_text("")
    with pytest.raises(QueueError, match="half/claimed: can't be used"):
        await queue(f"spool:{tmp_path}/half")


async def test_a_queue_in_sqs_that_is_refused_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, stand_in_credentials: None
) -> None:
    refusal = {"__type": "com.amazonaws.sqs#AccessDenied", "message": "SECRET"}

    async with odd_server(lambda _: http(403, refusal)) as odd:
        monkeypatch.setenv("AWS_ENDPOINT_URL", odd.url)
        (check,) = await queue("sqs:updates", *FIND_ACTIONS, "sqs:SendMessage")
    assert (check.verdict, check.denied) == ("fault", FIND_ACTIONS)
    assert "SECRET" not in check.seen


async def test_a_queue_in_sqs_is_told_with_what_was_tested(
    monkeypatch: pytest.MonkeyPatch, stand_in_credentials: None
) -> None:
    def answer(request) -> bytes:
        target = request.headers["x-amz-target"].rpartition(".")[2]
        if target == "GetQueueUrl":
            return http(200, {"QueueUrl": f"{odd.url}/111122223333/updates"})
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return http(200, {"Attributes": dict.fromkeys(names, "3")})

    async with odd_server(answer) as odd:
        monkeypatch.setenv("AWS_ENDPOINT_URL", odd.url)
        found, tested, untested = await queue("sqs:updates", *FIND_ACTIONS, "sqs:SendMessage")
        called = {each.headers["x-amz-target"].rpartition(".")[2] for each in odd.requests}
    assert (found.verdict, "3 messages wait, 3 held" in found.seen) == ("warning", True)
    assert "redrive policy" in found.advice
    assert (tested.verdict, untested.verdict) == ("ok", "untested")
    assert "SendMessage" in untested.seen
    assert called == {"GetQueueUrl", "GetQueueAttributes"}
