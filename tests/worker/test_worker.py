"""A worker on every queue, in this process and as one of its own: killed, stopped, reloaded.

Nothing is lost, nothing done twice.
"""

import asyncio
import contextlib
import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from batcher.config import Settings
from batcher.emulator import Emulator
from batcher.errors import QueueError
from batcher.logs import logger
from batcher.queues.spool_directory import SpoolDirectory
from batcher.worker.worker import FIXED, Worker
from tests.conftest import Command, change, records, sdk_session, trigger
from tests.queues.conftest import Place, make_sqs
from tests.scripted_redis import bulk, scripted_redis
from tests.servers import Server, free_port, redis_server, s3_server
from tests.waiting import until

LEASE = "3"


@pytest.fixture
def command(batcher: Command) -> Command:
    batcher.environ["AWS_REGION"] = "us-east-1"
    return batcher


def worker_of(place: Place, url: str, *more: str) -> tuple[str, ...]:
    return (
        "worker",
        "--queue",
        place.url,
        "--endpoint-url",
        url,
        "--lease",
        LEASE,
        "--log-level",
        "warning",
        *more,
    )


def results_in(folder: Path) -> list[dict[str, Any]]:
    """Every record on disk, of files that are being written too."""
    while True:
        with contextlib.suppress(
            FileNotFoundError
        ):  # one that is complete was given its name just now
            files = sorted((folder / "results").glob("2*"))
            return [record for path in files for record in records(path)]


async def until_logged(worker: asyncio.subprocess.Process, words: bytes) -> None:
    """Wait until a line of the worker's log has these words."""
    assert worker.stderr is not None
    while words not in (line := await worker.stderr.readline()):
        assert line, "it ended"


async def until_said(client: aiohttp.ClientSession, path: str, status: int, text: str) -> None:
    """Wait until a page of the worker says that."""

    async def says_so() -> bool:
        with contextlib.suppress(aiohttp.ClientConnectionError):
            async with client.get(path) as answer:
                return answer.status == status and text in await answer.text()
        return False

    await until(says_so)


async def ids_in(client: Any) -> set[str]:
    """Ids of the results that went to S3."""
    listed = await client.list_objects_v2(Bucket="parts", Prefix="prod/")
    ids: set[str] = set()
    for each in listed.get("Contents", ()):
        part = await client.get_object(Bucket="parts", Key=each["Key"])
        ids |= {json.loads(line)["id"] for line in (await part["Body"].read()).splitlines()}
    return ids


async def is_drained(place: Place) -> bool:
    async with place.open() as opened:
        depth = await opened.admin.depth()
    return (depth.waiting, depth.held) == (0, 0)


def applied(emulator: Emulator) -> list[tuple[str, str]]:
    return [
        (entry["EventTriggerName"], entry["request"]["SegmentFilter"])
        for entry in emulator.applied()
    ]


async def test_a_queue_is_drained_once(
    place: Place, command: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(n) for n in range(25)] + [change(99)])
    emulator = Emulator(latency=(0.0, 0.02))
    emulator.seed([trigger(n) for n in range(25)])
    async with emulator as url:
        put = await command("enqueue", "updates.jsonl", "--queue", place.url)
        assert put.code == 0, put.err
        told = ("--hook", "started,first_failure,ended=tee -a told", "--reason", "OPS-12")
        ended = await command(*worker_of(place, url, "--once", "--rate", "200", *told))
        assert ended.code == 1, ended.err
    events = (command.folder / "told").read_text().splitlines()
    kinds = [json.loads(event)["type"].removeprefix("batcher.worker.") for event in events]
    assert kinds == ["started", "first_failure", "ended"]
    assert json.loads(events[-1])["data"]["counts"]["failed"] == 1
    results = results_in(command.folder)
    assert {result["reason"] for result in results} == {"OPS-12"}
    assert Counter(result["status"] for result in results) == {"succeeded": 25, "failed": 1}
    assert sorted(int(result["id"]) for result in results) == list(range(1, 27))
    status = await command("queue", "status", place.url, "--json")
    assert {name: json.loads(status.out)[name] for name in ("waiting", "held", "dead")} == {
        "waiting": 0,
        "held": 0,
        "dead": 1,
    }
    dead = await command("queue", "dead", place.url, "--json")
    letter = json.loads(dead.out)
    assert (letter["id"], letter["trigger"], letter["code"]) == (
        "26",
        "t99",
        "ResourceNotFoundException",
    )
    back = await command(
        "queue", "redrive", place.url, "--code", "ResourceNotFoundException", "--rate", "100"
    )
    assert "1 put back.\n  1 of them without based_on, as no worker has seen their" in back.err
    assert json.loads((await command("queue", "status", place.url, "--json")).out)["waiting"] == 1


async def test_what_a_killed_worker_held_gets_its_one_result_from_another(
    place: Place, command: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(n % 10, SegmentFilter=f"round-{n // 10}") for n in range(40)])
    emulator = Emulator(latency=(0.0, 0.05))
    emulator.seed([trigger(n) for n in range(10)])
    async with emulator as url:
        assert (await command("enqueue", "updates.jsonl", "--queue", place.url)).code == 0
        first = await command.start(*worker_of(place, url, "--rate", "40"))
        await until(lambda: len(results_in(command.folder)) >= 8)
        first.kill()
        await first.communicate()
        sent = len(applied(emulator))
        second = await command.start(*worker_of(place, url, "--rate", "200"))
        await until(lambda: len({result["id"] for result in results_in(command.folder)}) == 40)
        second.send_signal(signal.SIGTERM)
        _, err = await second.communicate()
        assert second.returncode == 4, err.decode()
    assert Counter(result["id"] for result in results_in(command.folder)) == {
        str(n): 1 for n in range(1, 41)
    }
    assert await is_drained(place)
    assert sent < 40
    assert len(applied(emulator)) <= 40 + 64, "no more is sent twice than was in flight"
    assert {segment for _, segment in applied(emulator)} == {f"round-{n}" for n in range(4)}
    if place.url.endswith(".fifo"):
        for n in range(10):
            rounds = [segment for name, segment in applied(emulator) if name == f"t{n}"]
            assert sorted(rounds) == rounds


async def test_sigterm_finishes_what_is_in_flight_and_gives_the_rest_back(
    place: Place, command: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(n) for n in range(40)])
    emulator = Emulator(latency=(0.1, 0.1))
    emulator.seed([trigger(n) for n in range(40)])
    async with emulator as url:
        assert (await command("enqueue", "updates.jsonl", "--queue", place.url)).code == 0
        worker = await command.start(*worker_of(place, url, "--rate", "20", "--ahead", "1"))
        await until(lambda: len(emulator.applied()) >= 5)
        worker.send_signal(signal.SIGTERM)
        _, err = await worker.communicate()
        assert worker.returncode == 4, err.decode()
        assert b"Traceback" not in err
    done = len(results_in(command.folder))
    assert done == len(emulator.applied())
    async with place.open() as opened:
        depth = await opened.admin.depth()
    assert (depth.waiting, depth.held) == (40 - done, 0), (
        "given back at once, not when its lease is over"
    )


@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_a_second_signal_stops_it_at_once_whatever_the_grace(
    place: Place, command: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(1), change(2)])
    emulator, http = Emulator(), free_port()
    emulator.seed([trigger(1), trigger(2)])
    emulator.script("UpdateEventTrigger", ["hang", "hang"])
    flags = ("--grace", "600", "--read-timeout", "600", "--http", str(http))
    async with emulator as url, aiohttp.ClientSession(f"http://127.0.0.1:{http}") as client:
        assert (await command("enqueue", "updates.jsonl", "--queue", place.url)).code == 0
        worker = await command.start(*worker_of(place, url, *flags))
        await until(lambda: "UpdateEventTrigger" in {call[2] for call in emulator.calls()})
        worker.send_signal(signal.SIGTERM)
        await until_said(client, "/readyz", 503, "stopping")
        worker.send_signal(signal.SIGTERM)
        _, err = await worker.communicate()
    assert (worker.returncode, b"Traceback" in err) == (4, False), err.decode()
    assert results_in(command.folder) == []


@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_a_redis_that_may_lose_the_queue_is_told_by_enqueue_and_worker(
    place: Place, command: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(1)])
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        filled = await command("enqueue", "updates.jsonl", "--queue", place.url)
        drained = await command(*worker_of(place, url, "--once"))
    assert (filled.code, drained.code) == (0, 0)
    assert "Warning: this Redis writes no append-only file" in filled.err
    assert drained.err.count("queue.may_be_lost") == 1


async def test_a_worker_ends_where_its_redis_will_never_do(command: Command) -> None:
    def reply(words: list[bytes], connection: int) -> bytes:
        return bulk("redis_version:6.0.16\r\n")

    async with scripted_redis(reply) as server:
        place = Place(f"redis://127.0.0.1:{server.port}/0?stream=updates")
        ended = await command(*worker_of(place, "http://127.0.0.1:1"))
    assert ended.code == 5
    assert "it is Redis 6.0.16; batcher needs version 6.2 or later" in ended.err


@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_a_worker_lives_through_what_is_not_there_yet_shows_it_and_reloads(
    place: Place, command: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(n) for n in range(10)])
    (command.folder / "worker.toml").write_text("rate = 1000\n")
    aws, http = free_port(), free_port()
    flags = ("--config", "worker.toml", "--http", str(http), "--connect-timeout", "1")
    worker = await command.start(*worker_of(place, f"http://127.0.0.1:{aws}", *flags))
    async with aiohttp.ClientSession(f"http://127.0.0.1:{http}") as client:
        await until_said(client, "/readyz", 503, "no connection")
        await until_said(client, "/healthz", 200, "")
        emulator = Emulator(port=aws)
        emulator.seed([trigger(n) for n in range(10)])
        async with emulator:
            assert (await command("enqueue", "updates.jsonl", "--queue", place.url)).code == 0
            await until(lambda: len(results_in(command.folder)) == 10)
            await until_said(client, "/readyz", 200, "")
            await until_said(
                client,
                "/metrics",
                200,
                'batcher_updates_total{status="succeeded",target="default"} 10.0',
            )
            (command.folder / "worker.toml").write_text("rate = 7\n")
            worker.send_signal(signal.SIGHUP)
            await until_said(
                client,
                "/metrics",
                200,
                'batcher_rate_per_second{operation="UpdateEventTrigger",target="default"} 7.0',
            )
            (command.folder / "worker.toml").write_text(
                'rate = 5\nlimiter = "redis://127.0.0.1:x/0"\n'
            )
            worker.send_signal(signal.SIGHUP)
            await until_logged(worker, b"settings.not_reloaded")
            await until_said(client, "/metrics", 200, "7.0")
            worker.send_signal(signal.SIGTERM)
            _, err = await worker.communicate()
    assert worker.returncode == 4, err.decode()
    assert b"Traceback" not in err


async def test_settings_are_read_anew_while_the_queue_can_not_be_opened(
    command: Command, sqs: Server, write_lines: Callable[..., Path]
) -> None:
    """Its Region names a queue that is not there, then none at all, then the right one."""
    url = await make_sqs(sqs)
    name = url.rpartition("/")[2]
    command.environ["AWS_ENDPOINT_URL_SQS"] = f"http://127.0.0.1:{sqs.port}"
    config, write = command.folder / "worker.toml", write_lines([change(1)])
    assert write.exists()
    emulator = Emulator()
    emulator.seed([trigger(1)])
    config.write_text('region = "eu-west-1"\n')
    async with emulator as aws:
        place = Place(f"sqs:{name}")
        worker = await command.start(*worker_of(place, aws, "--config", "worker.toml"))
        await until_logged(worker, b"worker.not_ready")
        config.write_text('region = "eu-west-1"\nprofile = "nobody"\n')
        worker.send_signal(signal.SIGHUP)
        await until_logged(worker, b"nobody")
        config.write_text('region = "us-east-1"\n')
        put = ("enqueue", "updates.jsonl", "--queue", place.url, "--region", "us-east-1")
        assert (await command(*put)).code == 0
        worker.send_signal(signal.SIGHUP)
        await until(lambda: len(results_in(command.folder)) == 1)
        worker.send_signal(signal.SIGTERM)
        await worker.communicate()
    assert worker.returncode == 4


@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_wrong_usage_is_told_in_words(
    place: Place, command: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(1), {"DomainName": "acme"}])
    for arguments, code, said in [
        (("worker", "--queue", "nonsense"), 2, "not a message queue"),
        (("worker", "--queue", place.url, "--http", "x:y"), 2, "--http"),
        (
            ("worker", "--queue", place.url, "--http", place.url.split(":")[2].partition("/")[0]),
            5,
            "another program listens",
        ),
        (("worker", "--queue", place.url, "--results", "updates.jsonl"), 5, "results directory"),
        (("worker", "--queue", place.url, "--canary", "3"), 2, "No such option"),
        (
            ("worker", "--queue", "spool:spool", "--limiter", "redis://127.0.0.1:1/0?nonsense=1"),
            2,
            "--limiter",
        ),
        (("enqueue", "updates.jsonl", "--queue", place.url), 2, "Nothing was put into the queue"),
        (("enqueue", "none.jsonl", "--queue", place.url), 2, "no such file"),
        (("queue", "status", "redis://127.0.0.1:1/0?stream=s"), 5, "queue s"),
        (("queue", "status", f"{place.url}x&foo=1"), 2, "no option foo"),
        (("queue", "status", f"{place.url}x"), 5, "not in this database"),
        # nor did looking make it
        (("queue", "status", f"{place.url}x"), 5, "not in this database"),
        (("queue", "status", "spool:none"), 5, "no spool directory"),
        (("queue", "redrive", "spool:none"), 5, "no spool directory"),
    ]:
        ended = await command(*arguments)
        assert (ended.code, said in ended.err) == (code, True), (arguments, ended)
    assert not (command.folder / "none").exists()


async def test_a_queue_that_is_not_there_yet_is_waited_for_and_full_results_go_to_s3(
    command: Command, write_lines: Callable[..., Path], tmp_path: Path
) -> None:
    write_lines([change(n) for n in range(10)])
    redis, s3, http = redis_server(tmp_path), s3_server(tmp_path), free_port()
    place = Place(f"redis://127.0.0.1:{redis.port}/0?stream=later")
    command.environ["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{s3.port}"
    emulator = Emulator(latency=(0.0, 0.01))
    emulator.seed([trigger(n) for n in range(10)])
    s3.start()
    try:
        async with (
            emulator as url,
            sdk_session().create_client(
                "s3", endpoint_url=command.environ["AWS_ENDPOINT_URL_S3"]
            ) as client,
        ):
            await client.create_bucket(Bucket="parts")
            flags = (
                "--http",
                str(http),
                "--results-to",
                "s3://parts/prod",
                "--rotate-seconds",
                "0.5",
            )
            worker = await command.start(*worker_of(place, url, *flags))
            async with aiohttp.ClientSession(f"http://127.0.0.1:{http}") as pages:
                await until_said(pages, "/readyz", 503, "queue later")
                redis.start()
                await until_said(pages, "/readyz", 200, "")
                await until_said(pages, "/metrics", 200, "batcher_results_files_waiting 0.0")
            assert (await command("enqueue", "updates.jsonl", "--queue", place.url)).code == 0

            async def ten_are_there() -> bool:
                return len(await ids_in(client)) == 10

            await until(ten_are_there)
            worker.send_signal(signal.SIGTERM)
            _, err = await worker.communicate()
            assert worker.returncode == 4, err.decode()
    finally:
        redis.stop()
        s3.stop()
    left = [path.name for path in (command.folder / "results").rglob("*")]
    assert left == ["images"]


def test_what_counts_from_the_start_to_the_end_are_settings() -> None:
    assert set(Settings.__struct_fields__) >= set(FIXED)


@pytest.mark.parametrize(
    ("lines", "away", "code", "said"),
    [
        ([change(1)], False, 0, None),
        ([change(99)], False, 1, None),  # its trigger is not there
        ([{"DomainName": "acme"}], False, 1, None),
        ([change(1)], True, 3, "Stopped: a.jsonl: "),
    ],
    ids=["done", "failed", "invalid", "AWS away"],
)
async def test_the_exit_code_says_what_became_of_a_spool(
    tmp_path: Path, lines: list[dict[str, Any]], away: bool, code: int, said: str | None
) -> None:
    spool, emulator, words = SpoolDirectory(tmp_path / "spool"), Emulator(), list[str]()
    emulator.seed([trigger(1)])
    spool.put("a.jsonl", [json.dumps(line).encode() + b"\n" for line in lines])
    async with emulator as url:
        settings = Settings(
            endpoint_url=f"http://127.0.0.1:{free_port()}" if away else url,
            connect_timeout=1.0,
            read_rate=1000.0,
            remember=False,
        )
        worker = Worker(
            f"spool:{spool.path}",
            settings,
            reload=lambda: settings,
            once=True,
            log=logger(),
            say=words.append,
        )
        assert await worker.run() == code
    begun, *words = words
    assert begun == f"Draining spool:{spool.path}. Ctrl-C finishes what is in flight and ends."
    assert (said is None) == (not words)
    assert said is None or words[0].startswith(said)


async def test_a_queue_that_is_refused_is_not_said_to_be_drained() -> None:
    words, settings = list[str](), Settings(remember=False)
    worker = Worker(
        "redis://127.0.0.1:1/0?stream=s",
        settings,
        reload=lambda: settings,
        once=True,
        log=logger(),
        say=words.append,
    )
    with pytest.raises(QueueError):
        await worker.run()
    assert words == []
