"""A spool directory: a file is worked through by one worker at a time, and by none twice."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.errors import QueueError
from batcher.ports import Claim, Unclaimable
from batcher.queues.spool_directory import LOOKING, SpoolDirectory
from batcher.testing import update
from tests.storage.test_file_system import contents

_WORKER = """
import sys
from pathlib import Path
from batcher.queues.spool_directory import SpoolDirectory

spool = SpoolDirectory(Path(sys.argv[1]), still_for=0.0)
while (claim := spool.try_claim()) is not None:
    claim.run.mkdir()
    print(claim.name, flush=True)
    if sys.argv[2] == "hang":
        sys.stdin.read()
    spool.done(claim)
"""


async def start(folder: Path, how: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _WORKER,
        str(folder),
        how,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_workers_side_by_side_never_take_the_same_file(tmp_path: Path) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    for number in range(200):
        spool.put(f"{number:03}.jsonl", [b"{}\n"])
    workers = [await start(tmp_path, "work") for _ in range(4)]
    taken = [(await worker.communicate())[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    assert sorted(name for part in taken for name in part) == [
        b"%03d.jsonl" % number for number in range(200)
    ]
    assert len(names(tmp_path / "done")) == 400  # each with its run directory
    assert names(tmp_path / "claimed") == []


async def test_the_file_of_a_killed_worker_is_taken_over_with_its_run_directory(
    tmp_path: Path,
) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    spool.put("a.jsonl", [b"{}\n"])
    worker = await start(tmp_path, "hang")
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"a.jsonl\n"
    assert spool.try_claim() is None
    worker.kill()
    await worker.communicate()
    async with asyncio.timeout(5):
        claim = await spool.claim()
    assert (claim.name, claim.resumed, claim.run.is_dir()) == ("a.jsonl", True, True)
    spool.done(claim)
    assert names(tmp_path / "done") == ["a.jsonl", "a.run"]


async def test_a_file_that_appears_while_a_worker_waits_is_seen_at_once_and_only_when_it_is_whole(
    tmp_path: Path,
) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    (tmp_path / ".half.jsonl.new").write_bytes(b"{")
    (tmp_path / "notes.txt").write_bytes(b"")
    waiting = asyncio.create_task(spool.claim())
    assert not (await asyncio.wait([waiting], timeout=0.5))[0]
    await spool.send([update(1), update(2)], "batch")
    async with asyncio.timeout(5):
        claim = await waiting
    assert claim.path.read_bytes().count(b"\n") == 2
    assert not claim.resumed


def test_a_file_that_is_let_go_is_resumed_before_any_other(tmp_path: Path) -> None:
    one, two = SpoolDirectory(tmp_path, still_for=0.0), SpoolDirectory(tmp_path, still_for=0.0)
    one.put("b.jsonl", [b"{}\n"])
    claim = one.try_claim()
    assert claim is not None
    two.put("a.jsonl", [b"{}\n"])
    one.release(claim)
    resumed, fresh = two.try_claim(), two.try_claim()
    assert resumed is not None
    assert fresh is not None
    assert (resumed.name, resumed.resumed, fresh.name, fresh.resumed) == (
        "b.jsonl",
        True,
        "a.jsonl",
        False,
    )


def test_of_many_files_each_is_claimed_in_its_order_and_few_claims_read_the_directory(
    tmp_path: Path,
) -> None:
    def cost(number: int) -> tuple[float, float]:
        """Seconds of CPU and by the clock of claims, of which the first is not counted."""
        folder = tmp_path / f"{number}"
        spool = SpoolDirectory(folder, still_for=0.0)
        for each in range(number):
            (folder / f"{each:04}.jsonl").touch()
            os.utime(folder / f"{each:04}.jsonl", (1e9 + each, 1e9 + each))
        claims = [spool.try_claim()]
        cpu, wall = time.process_time(), time.monotonic()
        claims += [spool.try_claim() for _ in range(9)]
        assert [claim and claim.name for claim in claims] == [f"{n:04}.jsonl" for n in range(10)]
        return time.process_time() - cpu, time.monotonic() - wall

    alone, _ = cost(10)
    cpu, wall = cost(1_000)
    assert cpu < 5 * alone + 2 * LOOKING * wall + 0.02  # nine looks would take 0.1 s


def test_what_waited_at_the_last_look_and_was_taken_or_written_to_since_is_left(
    tmp_path: Path,
) -> None:
    spool, other = SpoolDirectory(tmp_path, still_for=0.0), SpoolDirectory(tmp_path, still_for=0.0)
    for name in "abcd":
        spool.put(f"{name}.jsonl", [b"{}\n"])
        os.utime(tmp_path / f"{name}.jsonl", (1e9, 1e9))
    taken = [spool.try_claim(), other.try_claim()]
    with (tmp_path / "c.jsonl").open("ab") as file:
        file.write(b"{}\n")
    taken += [spool.try_claim(("d.jsonl",)), spool.try_claim(), spool.try_claim()]
    claimed = [claim and claim.name for claim in taken]
    assert claimed == ["a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl", None]


def test_what_can_not_be_read_is_put_aside_by_the_first_who_has_it(tmp_path: Path) -> None:
    spool, other = SpoolDirectory(tmp_path, still_for=0.0), SpoolDirectory(tmp_path, still_for=0.0)
    (tmp_path / "bad.jsonl").symlink_to("nowhere")
    os.utime(tmp_path / "bad.jsonl", (1e9, 1e9), follow_symlinks=False)
    for number in range(500):  # so that the directory is not read for each claim
        (tmp_path / f"{number}.jsonl").touch()
    assert isinstance(spool.try_claim(("bad.jsonl",)), Claim)
    bad = other.try_claim()
    assert isinstance(bad, Unclaimable)
    other.failed(bad, bad.reason)
    assert isinstance(spool.try_claim(), Claim)


async def test_a_failed_file_has_what_is_wrong_beside_it(tmp_path: Path) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    spool.put("a.jsonl.gz", [b"no gzip"])
    claim = await spool.claim()
    spool.failed(claim, "a.jsonl.gz: not a gzip file")
    assert names(tmp_path / "failed") == ["a.jsonl.gz", "a.jsonl.gz.wrong"]
    assert (tmp_path / "failed" / "a.jsonl.gz.wrong").read_text() == "a.jsonl.gz: not a gzip file\n"
    depth = await spool.depth()
    assert (depth.waiting, depth.held, depth.dead) == (0, 0, 1)


async def test_a_name_that_was_there_before_replaces_nothing(tmp_path: Path) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    for _ in range(3):
        spool.put("a.jsonl", [b"{}\n"])
        with pytest.raises(QueueError, match="waits already"):
            spool.put("a.jsonl", [b"other\n"])
        claim = await spool.claim()
        claim.run.mkdir()
        spool.done(claim)
    assert names(tmp_path / "done") == [
        "a-2.jsonl",
        "a-2.run",
        "a-3.jsonl",
        "a-3.run",
        "a.jsonl",
        "a.run",
    ]


async def test_a_worker_that_died_between_the_two_moves_of_an_end_leaves_no_run_directory(
    tmp_path: Path,
) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    (tmp_path / "claimed" / "a.run").mkdir()
    (tmp_path / "claimed" / "a.jsonl.lock").touch()
    (tmp_path / "done" / "a.jsonl").touch()
    spool.put("a.jsonl", [b"{}\n"])
    claim = await spool.claim()
    assert (claim.resumed, claim.run.exists()) == (False, False)


async def test_files_that_share_a_run_directory_are_worked_through_one_after_the_other(
    tmp_path: Path,
) -> None:
    one, two = SpoolDirectory(tmp_path, still_for=0.0), SpoolDirectory(tmp_path, still_for=0.0)
    one.put("a.jsonl", [b"{}\n"])
    plain = await one.claim()
    plain.run.mkdir()
    one.put("a.jsonl.gz", [b""])
    one.put("a.jsonl.b.jsonl", [b"{}\n"])
    other = two.try_claim()
    assert other is not None
    assert (other.name, other.run.name) == ("a.jsonl.b.jsonl", "a.jsonl.b.run")
    assert two.try_claim() is None
    assert plain.run.is_dir()
    one.release(plain)
    assert two.try_claim({"a.jsonl"}) is None, (
        "the run directory is that of the file that was let go"
    )
    resumed = await two.claim()
    assert (resumed.name, resumed.resumed, resumed.run.is_dir()) == ("a.jsonl", True, True)
    two.done(resumed)
    packed = await one.claim()
    assert (packed.name, packed.resumed, packed.run.exists()) == ("a.jsonl.gz", False, False)
    packed.run.mkdir()
    one.done(packed)
    two.done(other)
    assert names(tmp_path / "claimed") == []
    assert names(tmp_path / "done") == [
        "a-2.jsonl.gz",
        "a-2.run",
        "a.jsonl",
        "a.jsonl.b.jsonl",
        "a.run",
    ]


def test_a_name_that_workers_would_not_see_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueueError, match="begins with a dot"):
        SpoolDirectory(tmp_path, still_for=0.0).put(".a.jsonl", [b"{}\n"])
    assert names(tmp_path) == ["claimed", "done", "failed"]


def for_all_to_write(path: Path) -> None:
    path.mkdir(exist_ok=True)
    path.chmod(0o777)


def of_another_user(path: Path) -> None:
    path.mkdir(exist_ok=True)
    os.chown(path, 12345, 12345)


def link_of_another_user(path: Path) -> None:
    if path.exists():
        path.rmdir()
    path.with_name("elsewhere").mkdir()
    path.symlink_to("elsewhere")
    os.lchown(path, 12345, 12345)


@pytest.mark.parametrize("make", [for_all_to_write, of_another_user, link_of_another_user])
@pytest.mark.parametrize("folder", ["", "claimed", "done", "failed"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_others_can_write_to_is_no_spool_directory_and_stays_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], folder: str
) -> None:
    spool = tmp_path / "spool"
    if folder:
        SpoolDirectory(spool)
    make(spool / folder)
    before = contents(tmp_path)
    for create in True, False:
        with pytest.raises(QueueError, match=r"spool") as refused:
            SpoolDirectory(spool, create=create)
        assert "can't be used" in str(refused.value) or not (folder or create)
    assert contents(tmp_path) == before


def test_a_file_is_taken_only_when_it_was_not_written_to_for_some_seconds(tmp_path: Path) -> None:
    spool = SpoolDirectory(tmp_path, still_for=30.0)
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    os.utime(tmp_path / "a.jsonl", (1, 1))  # as scp -p leaves it
    assert spool.try_claim() is None
    assert spool.being_written == ("a.jsonl",)


@pytest.mark.parametrize("more", [b"{}\n", b""])
async def test_a_file_that_changes_after_it_was_taken_is_told_from_one_that_does_not(
    tmp_path: Path, more: bytes
) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    writer = (tmp_path / "a.jsonl").open("wb", buffering=0)
    writer.write(b"{}\n")
    claim = await spool.claim()
    assert isinstance(claim, Claim)
    assert spool.why_changed(claim) is None
    with writer:
        writer.write(more)
    assert ("still being written" in (spool.why_changed(claim) or "")) is bool(more)
    claim.path.unlink()
    assert "taken away" in (spool.why_changed(claim) or "")


async def test_what_nobody_can_have_is_set_aside_and_a_reason_that_is_long_is_cut(
    tmp_path: Path,
) -> None:
    spool, name = SpoolDirectory(tmp_path, still_for=0.0), "x" * 249 + ".jsonl"
    os.mkfifo(tmp_path / name)
    found = await spool.claim()
    assert isinstance(found, Unclaimable)
    spool.failed(found, "a\udcff" * 10**6)
    (failed,) = spool.failures()
    assert failed == found.name
    assert (tmp_path / "failed" / f"{failed}.wrong").stat().st_size < 100_000
    with spool.hold_failed(failed) as held:
        spool.put_back(held)
    assert names(tmp_path) == ["claimed", "done", "failed", failed]


async def test_a_reason_that_was_left_is_in_nobodys_way(tmp_path: Path) -> None:
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    spool.put("a.jsonl", [b"{\n"])
    (tmp_path / "failed" / "a.jsonl.wrong").write_text("wrong 0\n")
    spool.failed(await spool.claim(), "wrong 1")
    assert spool.failures() == {"a-2.jsonl": "wrong 1"}


def test_a_directory_of_something_else_is_not_taken_for_one(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl.gz", ".c.jsonl", "d.jsonl.part", "lost+found"):
        (tmp_path / name).touch()
    (tmp_path / "hosts").touch()
    with pytest.raises(QueueError, match=r"holds 'hosts': each .jsonl in it would be sent"):
        SpoolDirectory(tmp_path)
    assert not (tmp_path / "claimed").exists()
    (tmp_path / "claimed").mkdir()  # it is meant
    SpoolDirectory(tmp_path)
    assert (tmp_path / "done").is_dir()


def test_files_may_be_there_before_the_first_worker(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl.gz", ".c.jsonl", "d.jsonl.part", "lost+found"):
        (tmp_path / name).touch()
    SpoolDirectory(tmp_path)
    (tmp_path / "notes.txt").touch()
    SpoolDirectory(tmp_path)
