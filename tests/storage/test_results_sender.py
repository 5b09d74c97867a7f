"""Complete files are sent oldest first, each once, and one that can't be sent holds back none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from batcher.logs import logger
from batcher.storage.file_lock import try_lock
from batcher.storage.results_files import ResultsFiles
from batcher.storage.results_sender import ResultsSender
from batcher.testing import ListShip
from tests.waiting import until

NAMES = [f"2026010{day}T000000.000000Z-host-1-00000000.jsonl" for day in (1, 2, 3)]


def sender_of(folder: Path, uploader: ListShip) -> ResultsSender:
    return ResultsSender(ResultsFiles(folder, logger()), uploader, logger())


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"{}\n")


@asynccontextmanager
async def running(sender: ResultsSender) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sender.run)
        yield
        tasks.cancel_scope.cancel()


async def test_what_is_there_goes_oldest_first_and_what_comes_when_it_is_told_of(
    tmp_path: Path,
) -> None:
    uploader = ListShip()
    sender = sender_of(tmp_path, uploader)
    write(tmp_path, NAMES[1], NAMES[0])
    async with running(sender):
        await until(lambda: len(uploader.sent) == 2)
        write(tmp_path, NAMES[2])
        sender.notify()
        await until(lambda: not list(tmp_path.iterdir()))
    assert [name for name, _ in uploader.sent] == NAMES


async def test_one_that_is_refused_holds_back_no_other_and_is_tried_again(tmp_path: Path) -> None:
    refused = {NAMES[0]}
    uploader = ListShip(lambda name: "no" if name in refused else None)
    write(tmp_path, *NAMES)
    async with running(sender_of(tmp_path, uploader)):
        await until(lambda: len(uploader.sent) == 2)
        refused.clear()
        await until(lambda: not list(tmp_path.iterdir()))
    assert [name for name, _ in uploader.sent] == [*NAMES[1:], NAMES[0]]


async def test_one_that_another_worker_is_sending_is_left_to_it(tmp_path: Path) -> None:
    uploader = ListShip()
    write(tmp_path, NAMES[0])
    lock = try_lock(tmp_path / NAMES[0])
    assert lock is not None
    await sender_of(tmp_path, uploader).send_rest(within=5)
    assert uploader.sent == []
    assert (tmp_path / NAMES[0]).exists()


async def test_at_the_end_it_sends_up_to_the_first_that_is_refused_and_for_so_long(
    tmp_path: Path,
) -> None:
    class Silent(ListShip):
        async def send(self, path: Path, folder: str = "") -> None:
            await asyncio.Event().wait()

    write(tmp_path, *NAMES)
    uploader = ListShip(lambda name: "no" if name == NAMES[1] else None)
    await sender_of(tmp_path, uploader).send_rest(within=5)
    assert [name for name, _ in uploader.sent] == NAMES[:1]
    await sender_of(tmp_path, Silent()).send_rest(within=0.01)
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES[1:]
