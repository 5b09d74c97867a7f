"""The journal: what was appended is on disk, whole, in order, whatever happens next."""

import asyncio
import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import JournalError
from batcher.records import Result
from batcher.storage.hash_chain import ChainTip, Head
from batcher.storage.journal import APART, Journal
from batcher.storage.journal_reader import JournalReader


def result(number: int) -> Result:
    return Result(
        id=str(number),
        line=number,
        target="default",
        domain="acme",
        trigger=f"t{number}",
        status="succeeded",
        attempts=1,
        started_at="2026-01-01T00:00:00.000Z",
        finished_at="2026-01-01T00:00:01.000Z",
    )


def _read(path: Path) -> Iterator[Result]:
    records = JournalReader(path).records(msgspec.json.Decoder(Result), "a result")
    return (each for _, each in records)


async def test_many_that_append_at_once_share_few_writes_and_each_is_durable_when_told(
    tmp_path: Path,
) -> None:
    path = tmp_path / "results.jsonl"
    async with Journal(path) as journal:

        async def append(number: int) -> None:
            await journal.append(result(number))
            assert f'"id":"{number}"'.encode() in path.read_bytes()

        async with anyio.create_task_group() as tasks:
            for number in range(500):
                tasks.start_soon(append, number)
    assert sorted(each.line for each in _read(path)) == list(range(500))
    assert path.stat().st_mode & 0o777 == 0o600


async def test_what_is_added_in_one_turn_is_one_write_and_what_comes_meanwhile_the_next(
    tmp_path: Path,
) -> None:
    writes, begun, go_on = list[int](), threading.Event(), threading.Event()

    def write(file: int, batch: memoryview) -> int:
        writes.append(bytes(batch).count(b"\n"))
        begun.set()
        go_on.wait()
        return os.write(file, batch)

    journal = Journal[Result](tmp_path / "results.jsonl", write=write)
    async with journal, anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(journal.append, result(number))
        await anyio.to_thread.run_sync(begun.wait)
        for number in range(50, 80):
            tasks.start_soon(journal.append, result(number))
        await anyio.lowlevel.checkpoint()
        go_on.set()
    assert writes == [50, 30]


async def test_one_write_begins_a_while_after_the_other_so_that_records_gather(
    tmp_path: Path,
) -> None:
    begun = list[float]()

    def write(file: int, batch: memoryview) -> int:
        begun.append(time.monotonic())
        return os.write(file, batch)

    async def append(first: int) -> None:
        for number in range(first, first + 4):
            await journal.append(result(number))

    journal = Journal[Result](tmp_path / "results.jsonl", write=write)
    async with journal, anyio.create_task_group() as tasks:
        tasks.start_soon(append, 0)
        tasks.start_soon(append, 4)
    assert begun[-1] - begun[0] > 2.5 * APART


async def test_who_writes_alone_waits_for_nobody(tmp_path: Path) -> None:
    begun, done = list[float](), list[float]()

    def write(file: int, batch: memoryview) -> int:
        begun.append(time.monotonic())
        return os.write(file, batch)

    async with Journal[Result](tmp_path / "results.jsonl", write=write) as journal:
        for number in range(40):
            await journal.append(result(number))
            done.append(time.monotonic())
    waits = sorted(later - each for each, later in zip(done, begun[1:], strict=False))
    assert waits[10] < APART / 2


def test_a_clock_that_is_set_back_holds_up_no_write(tmp_path: Path) -> None:
    class SetBack(asyncio.SelectorEventLoop):
        by = 0.0

        def time(self) -> float:
            return super().time() - self.by

    async def scenario() -> None:
        async with Journal[Result](tmp_path / "results.jsonl") as journal:
            journal.add(result(1))
            await journal.append(result(2))
            loop.by = 3600.0
            async with asyncio.timeout(30):
                await journal.append(result(3))

    loop = SetBack()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(scenario())


async def test_whoever_waits_for_a_write_that_is_lost_is_told_so(tmp_path: Path) -> None:
    told = list[str]()

    def write(file: int, batch: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def append(number: int) -> None:
        with pytest.raises(JournalError) as refused:
            await journal.append(result(number))
        told.append(str(refused.value))

    async def use() -> None:
        async with journal, anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(append, number)

    journal = Journal[Result](tmp_path / "results.jsonl", write=write)
    with pytest.raises(JournalError, match="disk is full"):
        await use()
    assert len(told) == 20
    assert len(set(told)) == 1


async def test_a_record_is_told_of_only_when_the_disk_has_confirmed_its_last_byte(
    tmp_path: Path,
) -> None:
    path, confirmed = tmp_path / "results.jsonl", [b""]

    def watch(_: object, event: str, called: object) -> None:
        if event == "c_return" and called is os.fdatasync:
            confirmed.append(path.read_bytes())

    threading.setprofile(watch)  # of threads that begin from now on: those that write
    try:
        async with Journal(path) as journal:

            async def append(number: int) -> None:
                await journal.append(result(number))
                assert f'"id":"{number}"'.encode() in confirmed[-1]

            async with anyio.create_task_group() as tasks:
                for number in range(100):
                    tasks.start_soon(append, number)
            await append(100)
    finally:
        threading.setprofile(None)
    assert confirmed[-1] == path.read_bytes()


async def test_a_cancelled_append_is_written_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    async with Journal(path) as journal:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await journal.append(result(1))
    assert [each.line for each in _read(path)] == [1]


@pytest.mark.parametrize("is_woken", [False, True])
async def test_who_was_to_write_next_and_is_cancelled_leaves_that_to_another(
    tmp_path: Path, is_woken: bool
) -> None:
    path, begun, go_on = tmp_path / "results.jsonl", threading.Event(), threading.Event()

    def write(file: int, batch: memoryview) -> int:
        begun.set()
        go_on.wait()
        return os.write(file, batch)

    async def append_first() -> None:
        await journal.append(result(0))
        if is_woken:
            others[0].cancel()

    async with asyncio.timeout(30), Journal[Result](path, write=write) as journal:
        first = asyncio.create_task(append_first())
        await anyio.to_thread.run_sync(begun.wait)
        others = [asyncio.create_task(journal.append(result(number))) for number in range(1, 4)]
        await anyio.lowlevel.checkpoint()
        if not is_woken:
            others[0].cancel()
        go_on.set()
        await asyncio.wait([first, *others])
        assert [each.cancelled() for each in others] == [True, False, False]
        assert [each.line for each in _read(path)] == [0, 1, 2, 3]


async def test_of_the_next_write_that_is_lost_all_are_told_who_came_during_the_one_before(
    tmp_path: Path,
) -> None:
    path, begun, go_on = tmp_path / "results.jsonl", threading.Event(), threading.Event()

    def write(file: int, batch: memoryview) -> int:
        if begun.is_set():
            raise OSError(errno.EIO, "Input/output error")
        begun.set()
        go_on.wait()
        return os.write(file, batch)

    async def use() -> None:
        async with asyncio.timeout(30), Journal[Result](path, write=write) as journal:
            first = asyncio.create_task(journal.append(result(0)))
            await anyio.to_thread.run_sync(begun.wait)
            others = [asyncio.create_task(journal.append(result(number))) for number in range(1, 9)]
            await anyio.lowlevel.checkpoint()
            go_on.set()
            told.extend(await asyncio.gather(first, *others, return_exceptions=True))

    told = list[BaseException | None]()
    with pytest.raises(JournalError, match="Input/output error"):
        await use()
    assert told[0] is None
    assert [str(each) for each in told[1:]] == [str(told[1])] * 8
    assert isinstance(told[1], JournalError)
    assert [each.line for each in _read(path)] == [0]


@given(cut=st.integers(min_value=0, max_value=2000))
def test_a_torn_last_line_is_cut_off_and_whole_ones_stay(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "results.jsonl"

    async def write(*numbers: int) -> None:
        async with Journal(path) as journal:
            for number in numbers:
                journal.add(result(number))

    anyio.run(write, 1, 2, 3)
    whole = path.read_bytes()
    os.truncate(path, max(0, len(whole) - cut))
    survivors = path.read_bytes().count(b"\n")
    assert [each.line for each in _read(path)] == list(range(1, survivors + 1))
    anyio.run(write, 9)
    assert [each.line for each in _read(path)] == [*range(1, survivors + 1), 9]


@pytest.mark.parametrize("damage", [b"{}\n", b"not json\n", b'{"id":1}\n'])
def test_a_damaged_line_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(damage)
    with pytest.raises(JournalError, match="line 1 is not a result"):
        list(_read(path))


async def test_a_full_disk_ends_the_run_and_leaves_a_valid_journal(tmp_path: Path) -> None:
    def write_to_full_disk(file: int, content: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(JournalError, match="the disk is full"):
        async with Journal(tmp_path / "results.jsonl", write=write_to_full_disk) as journal:
            await journal.append(result(1))


def test_a_journal_that_can_not_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="can't be written: No such file"):
        Journal(tmp_path / "missing" / "results.jsonl")


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
async def test_after_a_write_that_did_not_begin_nothing_is_told_of_and_the_head_stays(
    tmp_path: Path, error: Exception
) -> None:
    path, faults, heads = tmp_path / "results.jsonl", [error], list[Head | None]()

    def write(file: int, batch: memoryview) -> int:
        if b'"line":2' in bytes(batch) and faults:
            raise faults.pop()
        return os.write(file, batch)

    async def use() -> None:
        async with Journal(path, ChainTip(), write=write) as journal:
            await journal.append(result(1))
            heads.append(journal.head)
            with pytest.raises(type(error)):
                await journal.append(result(2))
            with pytest.raises(JournalError, match="same command again"):
                await journal.append(result(3))
            heads.append(journal.head)

    with pytest.raises(JournalError, match="same command again"):
        await use()
    assert [each.line for each in _read(path)] == [1]
    assert heads == [JournalReader(path, heads[0]).tip().head()] * 2
