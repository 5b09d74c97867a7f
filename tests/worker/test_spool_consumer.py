"""``batcher worker`` on a spool directory.

Each file is one run, worked through by one worker at a time, to its end.
"""

import asyncio
import gzip
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from batcher.backoff import Backoff
from batcher.config import Settings, TargetSettings
from batcher.emulator import Emulator
from batcher.errors import QueueError
from batcher.jobs.run_order import Unattended
from batcher.logs import logger
from batcher.ports import Claim, Unclaimable
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import Result
from batcher.worker.health import Health
from batcher.worker.spool_consumer import (
    FILES,
    LET_OTHERS_GO,
    LONGEST_PAUSE,
    PAUSE,
    SpoolConsumer,
)
from tests.conftest import Command, change, records, trigger
from tests.servers import free_port
from tests.waiting import until


def worker_of(url: str, *more: str) -> tuple[str, ...]:
    return (
        "worker",
        "--queue",
        "spool:spool",
        "--endpoint-url",
        url,
        "--log-level",
        "warning",
        *more,
    )


async def until_said(worker: asyncio.subprocess.Process, words: bytes) -> None:
    assert worker.stderr is not None
    async with asyncio.timeout(30):
        while words not in (line := await worker.stderr.readline()):
            assert line, "it ended"


def results_below(folder: Path) -> list[str]:
    """``file:id`` of every result, wherever its run directory is by now."""
    return [
        f"{path.parent.stem}:{each['id']}"
        for path in folder.glob("**/*.run/results.jsonl")
        for each in records(path)
    ]


async def test_files_end_in_done_or_in_failed_with_what_is_wrong(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    emulator = Emulator(latency=(0.0, 0.01))
    emulator.seed([trigger(n) for n in range(9)])
    spool = batcher.folder / "spool"
    async with emulator as url:
        for name, lines in (("good", [change(1), change(2)]), ("some", [change(3), change(99)])):
            write_lines(lines, f"{name}.jsonl")
            put = await batcher("enqueue", f"{name}.jsonl", "--queue", "spool:spool")
            assert put.code == 0, put.err
        (spool / "broken.jsonl").write_bytes(b'{"DomainName":"acme"}\n{\n')
        (spool / "nothing.jsonl").write_bytes(b"\n")
        (spool / "list.jsonl").write_bytes(b'[{"DomainName":"acme"},\n{"DomainName":"acme"}]\n')
        (spool / "plain.jsonl.gz").write_bytes(b'{"DomainName":"acme"}\n')
        ended = await batcher(*worker_of(url, "--once"))
        assert ended.code == 1, ended.err
        assert "1 of 2 updates did not succeed" in ended.err, "the log says why it is not 0"
        flags = ("--endpoint-url", url, "--rate", "100")
        (spool / "claimed" / "good.jsonl").write_text("another file of that name\n")
        proof = await batcher("verify", "spool/done/good.run", *flags)
        assert (proof.code, "2 live triggers looked at, 2 as asked" in proof.err) == (0, True), (
            proof.err
        )
        (spool / "claimed" / "good.jsonl").unlink()
        retried = await batcher("retry", "spool/failed/some.run", *flags, "--yes")
        assert (retried.code, "ResourceNotFoundException (failed): 1" in retried.err) == (
            1,
            True,
        ), retried.err
        undone = await batcher("rollback", "spool/failed/some.run", *flags, "--yes")
        assert undone.code == 0, undone.err
        assert emulator.trigger("acme", "t3")["Description"] == "before-3"
    assert {path.name for path in (spool / "done").iterdir()} == {"good.jsonl", "good.run"}
    wrong = {path.name: path.read_text() for path in (spool / "failed").glob("*.wrong")}
    assert "line 1: EventTriggerName: " in wrong["broken.jsonl.wrong"]
    assert "2 of 2 lines break a rule; nothing was sent" in wrong["broken.jsonl.wrong"]
    assert wrong["list.jsonl.wrong"].startswith("This is a JSON list.")
    assert "jq -c '.[]' < list.jsonl > list.mended.jsonl\nline 1: " in wrong["list.jsonl.wrong"]
    mends = "This mends it: cat < plain.jsonl.gz > plain.mended.jsonl"
    assert mends in wrong["plain.jsonl.gz.wrong"], "it is not where it was claimed any more"
    assert (
        "1 of 2 updates did not succeed: ResourceNotFoundException 1" in wrong["some.jsonl.wrong"]
    )
    assert "no updates" in wrong["nothing.jsonl.wrong"]
    assert len(records(spool / "failed" / "some.run" / "failed.jsonl")) == 1
    assert list((spool / "claimed").iterdir()) == []


async def test_files_that_failed_are_listed_and_put_back_to_go_on(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    emulator, spool = Emulator(), batcher.folder / "spool"
    failed = spool / "failed"
    emulator.seed([trigger(n) for n in range(9)])
    write_lines([change(3), change(99)])
    async with emulator as url:
        assert (await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")).code == 0
        assert (await batcher(*worker_of(url, "--once"))).code == 1
        dead = await batcher("queue", "dead", "spool:spool")
        assert dead.out.startswith(
            "updates.jsonl  1 of 2 updates did not succeed: ResourceNotFoundException 1."
        )
        refused = await batcher("queue", "redrive", "spool:spool", "--code", "Invalid")
        assert (refused.code, "--code: not for a spool" in refused.err) == (2, True)
        put_back = await batcher("queue", "redrive", "spool:spool")
        assert "1 put back.\n  1 unchanged: the run goes on" in put_back.err
        assert not list(failed.iterdir())
        assert (await batcher(*worker_of(url, "--once"))).code == 1
        assert Counter(results_below(spool)) == {"updates:1": 1, "updates:2": 1}
        emulator.seed([trigger(99)])
        (failed / "updates.jsonl").write_bytes(write_lines([change(99)]).read_bytes())
        assert (await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")).code == 0
        refused = await batcher("queue", "redrive", "spool:spool")
        assert (refused.code, "waits already" in refused.err) == (5, True)
        (spool / "updates.jsonl").unlink()
        put_back = await batcher("queue", "redrive", "spool:spool")
        assert "1 put back.\n  1 edited or never begun: as new" in put_back.err
        assert (await batcher(*worker_of(url, "--once"))).code == 0
        undone = await batcher(
            "rollback", str(failed / "updates.run"), "--endpoint-url", url, "--yes"
        )
    assert len(records(spool / "done" / "updates.run" / "results.jsonl")) == 1
    assert len(records(failed / "updates.run" / "results.jsonl")) == 2, "of the first time"
    assert (undone.code, "1 succeeded" in undone.err) == (0, True), undone.err
    assert emulator.applied()[-1]["EventTriggerName"] == change(3)["EventTriggerName"]


async def test_several_workers_share_the_files_and_what_a_killed_one_left_is_resumed(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    emulator = Emulator(latency=(0.0, 0.02))
    emulator.seed([trigger(n) for n in range(160)])
    files = {f"f{k}": [change(n) for n in range(40 * k, 40 * k + 40)] for k in range(4)}
    spool = batcher.folder / "spool"
    async with emulator as url:
        workers = [
            await batcher.start(*worker_of(url, "--rate", "40", "--no-before")) for _ in range(3)
        ]
        await until(lambda: (spool / "failed").exists())
        for name, lines in files.items():
            write_lines(lines, f"{name}.jsonl")
            assert (await batcher("enqueue", f"{name}.jsonl", "--queue", "spool:spool")).code == 0
        await until(lambda: len(results_below(spool)) >= 30)
        workers[0].kill()
        await workers[0].communicate()
        await until(lambda: len(list((spool / "done").glob("*.jsonl"))) == 4)
        for worker in workers[1:]:
            worker.send_signal(signal.SIGTERM)
        for worker in workers[1:]:
            _, err = await worker.communicate()
            assert worker.returncode == 4, err.decode()
    assert Counter(results_below(spool)) == {
        f"{name}:{n}": 1 for name in files for n in range(1, 41)
    }
    assert len(emulator.applied()) <= 160 + 64, "no more is sent twice than was in flight"


async def test_a_file_is_let_go_on_sigterm_and_waits_for_aws(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(n) for n in range(40)])
    spool, port = batcher.folder / "spool", free_port()
    url = f"http://127.0.0.1:{port}"
    assert (await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")).code == 0
    flags = ("--rate", "20", "--connect-timeout", "1", "--no-before")
    first = await batcher.start(*worker_of(url, *flags))
    await until_said(first, b"no connection")
    assert list((spool / "failed").iterdir()) == []
    emulator = Emulator(port=port, latency=(0.0, 0.02))
    emulator.seed([trigger(n) for n in range(40)])
    async with emulator:
        await until(lambda: len(emulator.applied()) >= 5)
        first.send_signal(signal.SIGTERM)
        _, err = await first.communicate()
        assert first.returncode == 4, err.decode()
        assert len(results_below(spool)) == len(emulator.applied()) < 40
        assert (spool / "claimed" / "updates.jsonl").exists()
        second = await batcher(*worker_of(url, "--once", "--rate", "1000", "--no-before"))
        assert second.code == 0, second.err
    assert Counter(results_below(spool)) == {f"updates:{n}": 1 for n in range(1, 41)}
    assert len(emulator.applied()) == 40
    assert (spool / "done" / "updates.jsonl").exists()


async def test_once_a_file_that_can_not_go_on_now_ends_the_worker_which_says_why_and_lets_it_go(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(1)])
    assert (await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")).code == 0
    ended = await batcher(
        *worker_of(f"http://127.0.0.1:{free_port()}", "--once", "--connect-timeout", "1")
    )
    assert ended.code == 3, ended.err
    assert "Stopped: updates.jsonl: " in ended.err
    assert "no connection" in ended.err
    assert (batcher.folder / "spool" / "claimed" / "updates.jsonl").exists()


async def test_a_worker_outlives_its_directory_being_away(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(1)])
    spool, emulator = batcher.folder / "spool", Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        worker = await batcher.start(*worker_of(url))
        await until((spool / "failed").exists)
        spool.rename(batcher.folder / "elsewhere")
        await until_said(worker, b"can't be read: No such file or directory")
        (batcher.folder / "updates.jsonl").rename(batcher.folder / "elsewhere" / "updates.jsonl")
        (batcher.folder / "elsewhere").rename(spool)
        await until_said(worker, b"worker.recovered")
        await until((spool / "done" / "updates.jsonl").exists)
        worker.send_signal(signal.SIGTERM)
        await worker.communicate()
    assert worker.returncode == 4


async def test_a_disk_that_is_full_or_not_there_is_waited_for(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    spool, emulator = batcher.folder / "spool", Emulator()
    emulator.seed([trigger(1), trigger(2)])
    async with emulator as url:
        worker = await batcher.start(*worker_of(url))
        await until((spool / "failed").exists)
        limits = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (0, -1))
        (spool / ".a").write_bytes(gzip.compress(write_lines([change(1)]).read_bytes()))
        (spool / ".a").rename(spool / "a.jsonl.gz")
        await until_said(worker, b"can't be copied")
        (spool / "done").rmdir()
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, limits)
        await until_said(worker, b"can't be moved")
        (spool / "done").mkdir()
        await until((spool / "done" / "a.run").exists)
        (spool / "claimed" / "b.run").symlink_to(batcher.folder / "disk")
        write_lines([change(2)]).rename(spool / "claimed" / "b.jsonl")
        await until_said(worker, b"can't be used as run directory")
        (batcher.folder / "disk").mkdir()
        await until((spool / "done" / "b.run").exists)
        worker.send_signal(signal.SIGTERM)
        await worker.communicate()
    assert worker.returncode == 4
    assert list((spool / "failed").iterdir()) == []
    assert len(emulator.applied()) == 2, "each was sent once"


async def test_a_file_with_a_dot_before_its_name_is_put_in_under_one_that_workers_see(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    for name in (".updates.jsonl", ".jsonl"):
        write_lines([change(1)], name)
        put = await batcher("enqueue", name, "--queue", "spool:spool")
        assert put.code == 0, put.err
    status = await batcher("queue", "status", "spool:spool")
    assert status.out.startswith("2 waiting")
    assert (batcher.folder / "spool" / "updates.jsonl").exists()


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_file_that_can_not_go_on_for_long_lets_others_go_before_it(tmp_path: Path) -> None:
    tried: list[str] = []

    class Recorded(Health):
        def mark_unhealthy(self, part: str, reason: str) -> None:
            tried.append(reason)

    spool, emulator, health = (
        SpoolDirectory(tmp_path, still_for=0.0),
        Emulator(),
        Recorded(logger(), grace=1.0),
    )
    emulator.seed([trigger(1)])
    unattended = Unattended(
        on_result=lambda result: tried.append(result.id), on_attempt=lambda *_: None
    )
    spool.put("a.jsonl", [msgspec.json.encode(change(1, target="locked", id="locked"))])
    spool.put("b.jsonl", [msgspec.json.encode(change(1, id="good"))])
    async with emulator as url, asyncio.timeout(60):
        targets = {"locked": TargetSettings(region="eu-west-1", profile="nobody", endpoint_url=url)}
        settings = Settings(region="eu-west-1", endpoint_url=url, read_rate=1000.0, targets=targets)
        session = SpoolConsumer(
            spool,
            settings,
            health,
            unattended,
            logger(),
            first_pause=0.01,
            let_others_go=0.05,  # after 0.01 + 0.02 + 0.04
        )
        working = asyncio.create_task(session.run(once=False))
        await until((tmp_path / "done" / "b.run").exists)
        health.stop.set()
        await working
    assert tried.index("good") >= 4
    assert all(each.startswith("a.jsonl: ") for each in tried if each != "good")
    assert (tmp_path / "claimed" / "a.jsonl").exists()


@pytest.mark.usefixtures("stand_in_credentials")
@pytest.mark.parametrize(
    ("held_up", "seen"),
    [
        ("a.jsonl: a role is missing", ["a.jsonl: a role is missing", None, None]),
        ("z.jsonl: a role is missing", ["z.jsonl: a role is missing"] * 3),
    ],
)
async def test_a_file_that_goes_on_is_not_said_to_be_held_up_until_its_end(
    tmp_path: Path, held_up: str, seen: list[str | None]
) -> None:
    spool, emulator, told = SpoolDirectory(tmp_path, still_for=0.0), Emulator(), list[str | None]()
    emulator.seed([trigger(n) for n in range(3)])
    spool.put("a.jsonl", [msgspec.json.encode(change(n)) + b"\n" for n in range(3)])
    unattended = Unattended(
        on_result=lambda _: told.append(session.health.reason(FILES)), on_attempt=lambda *_: None
    )
    async with emulator as url, asyncio.timeout(60):
        session = consumer_of(spool, url, unattended)
        session.health.mark_unhealthy(FILES, held_up)
        await session.run(once=True)
    assert told == seen
    assert session.health.reason(FILES) is None
    assert (tmp_path / "done" / "a.jsonl").exists()


Odd = Callable[[Path], None]


def latin(spool: Path) -> None:
    Path(os.fsdecode(bytes(spool) + b"/caf\xe9.jsonl")).write_bytes(b"{}\n")


def long(spool: Path) -> None:
    (spool / f"{'x' * 249}.jsonl").write_bytes(b"{}\n")


def pipe(spool: Path) -> None:
    os.mkfifo(spool / "odd.jsonl.gz")


def loop(spool: Path) -> None:
    (spool / "odd.jsonl").symlink_to("odd.jsonl")


def taken_lock(spool: Path) -> None:
    (spool / "claimed" / "odd.jsonl.lock").mkdir()
    (spool / "odd.jsonl").write_bytes(b"{}\n")


def taken_run(spool: Path) -> None:
    (spool / "claimed" / "odd.run").write_bytes(b"")
    (spool / "claimed" / "odd.jsonl").write_bytes(b"{}\n")


def damaged(spool: Path) -> None:
    (spool / "odd.jsonl.zst").write_bytes(b"no zstd")


def consumer_of(spool: SpoolDirectory, url: str, unattended: Unattended) -> SpoolConsumer:
    settings = Settings(region="eu-west-1", endpoint_url=url, read_rate=1000.0, remember=False)
    return SpoolConsumer(
        spool, settings, Health(logger(), grace=1.0), unattended, logger(), first_pause=0.01
    )


@pytest.mark.usefixtures("stand_in_credentials")
@pytest.mark.parametrize("odd", [latin, long, pipe, loop, taken_lock, taken_run, damaged])
async def test_a_file_that_nobody_can_work_on_is_set_aside_and_the_others_go_on(
    tmp_path: Path, odd: Odd
) -> None:
    spool, emulator = SpoolDirectory(tmp_path, still_for=0.0), Emulator()
    emulator.seed([trigger(1)])
    odd(tmp_path)
    spool.put("good.jsonl", [msgspec.json.encode(change(1))])
    quiet = Unattended(on_result=lambda _: None, on_attempt=lambda *_: None)
    async with emulator as url, asyncio.timeout(60):
        session = consumer_of(spool, url, quiet)
        await session.run(once=True)
    assert session.failed
    assert session.health.not_ready is None
    assert {path.name for path in (tmp_path / "done").iterdir()} == {"good.jsonl", "good.run"}
    ((name, reason),) = spool.failures().items()
    assert name.startswith(("caf-", "xxx", "odd.jsonl"))
    assert reason


@pytest.mark.usefixtures("stand_in_credentials")
async def test_whatever_is_raised_over_a_file_is_that_files_after_three_tries(
    tmp_path: Path,
) -> None:
    spool, emulator, tried = SpoolDirectory(tmp_path, still_for=0.0), Emulator(), list[str]()
    emulator.seed([trigger(1), trigger(2)])
    spool.put("a.jsonl", [msgspec.json.encode(change(1, id="odd"))])
    spool.put("b.jsonl", [msgspec.json.encode(change(2, id="good"))])

    def attempted(*_: object) -> None:
        tried.append("attempt")
        if len(tried) <= 3:
            raise LookupError("secret")

    async with emulator as url, asyncio.timeout(60):
        session = consumer_of(
            spool, url, Unattended(on_result=lambda _: None, on_attempt=attempted)
        )
        await session.run(once=True)
    assert (tmp_path / "done" / "b.jsonl").exists()
    wrong = (tmp_path / "failed" / "a.jsonl.wrong").read_text()
    assert wrong.startswith("LookupError at ")
    assert "Tried 3 times." in wrong
    assert "secret" not in wrong


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_file_that_grows_while_it_is_worked_through_is_never_done(tmp_path: Path) -> None:
    spool, emulator = SpoolDirectory(tmp_path, still_for=0.0), Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    lines = [msgspec.json.encode(change(n)) + b"\n" for n in range(3)]
    upload = (tmp_path / "a.jsonl").open("wb", buffering=0)
    upload.write(lines[0])

    def go_on(result: Result) -> None:
        upload.write(lines[1])

    async with emulator as url, asyncio.timeout(60):
        session = consumer_of(spool, url, Unattended(on_result=go_on, on_attempt=lambda *_: None))
        with upload:
            await session.run(once=True)
    assert list((tmp_path / "done").iterdir()) == []
    assert "it was still being written" in spool.failures()["a.jsonl"]


@pytest.mark.usefixtures("stand_in_credentials")
async def test_once_ends_although_a_file_is_written_to_for_ever(tmp_path: Path) -> None:
    spool, emulator = SpoolDirectory(tmp_path, still_for=1000.0), Emulator()
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    quiet = Unattended(on_result=lambda _: None, on_attempt=lambda *_: None)
    async with emulator as url, asyncio.timeout(60):
        session = consumer_of(spool, url, quiet)
        session.wait_for_writers = 0.1
        await session.run(once=True)
    assert session.health.not_ready == "a.jsonl: it is still being written."
    assert (tmp_path / "a.jsonl").exists()


@pytest.mark.usefixtures("stand_in_credentials")
async def test_what_can_not_even_be_moved_stays_and_the_others_go_on(tmp_path: Path) -> None:
    class Immovable(SpoolDirectory):
        def failed(self, claim: Claim | Unclaimable, wrong: str) -> None:
            raise QueueError("it can't be moved")

    spool, emulator = Immovable(tmp_path, still_for=0.0), Emulator()
    emulator.seed([trigger(1)])
    pipe(tmp_path)
    spool.put("good.jsonl", [msgspec.json.encode(change(1))])
    quiet = Unattended(on_result=lambda _: None, on_attempt=lambda *_: None)
    async with emulator as url, asyncio.timeout(60):
        session = consumer_of(spool, url, quiet)
        await session.run(once=True)
    assert (session.failed, session.health.not_ready) == (True, None)
    assert (tmp_path / "done" / "good.jsonl").exists()
    assert (tmp_path / "odd.jsonl.gz").is_fifo()


def test_others_wait_for_about_half_a_minute_behind_a_file_that_can_not_go_on() -> None:
    backoff, waited = Backoff(PAUSE, LONGEST_PAUSE, jitter=0.0), 0.0
    while (pause := backoff.next_pause()) < LET_OTHERS_GO:
        waited += pause
    assert 25 <= waited <= 35
