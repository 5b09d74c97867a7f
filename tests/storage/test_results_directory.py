"""A worker's results.

What was told of as kept is found afterwards, whatever ends the worker; complete files travel on.
"""

import asyncio
import contextlib
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.errors import JournalError
from batcher.records import Delivered
from batcher.storage.results_directory import ResultsDirectory
from batcher.testing import ListShip
from tests.storage.test_message_images import message_image
from tests.waiting import until

_WORKER = """
import asyncio, sys
from pathlib import Path
from batcher.storage.results_directory import ResultsDirectory
from tests.storage.test_results_directory import delivered

async def main():
    first, count = int(sys.argv[2]), int(sys.argv[3])
    path = Path(sys.argv[1])
    async with ResultsDirectory(path, rotate_bytes=30_000, rotate_seconds=60) as results:
        async def append(number):
            await results.append(delivered(number))
            print(number, flush=True)
        for start in range(first, first + count, 50):
            await asyncio.gather(*(append(number) for number in range(start, start + 50)))
        print("end", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def delivered(number: int) -> Delivered:
    return Delivered(
        id=str(number),
        line=number,
        target="default",
        domain="acme",
        trigger=f"t{number}",
        status="succeeded",
        started_at="2026-01-01T00:00:00.000Z",
        finished_at="2026-01-01T00:00:01.000Z",
        queue="sqs:updates",
        message_id=f"m{number}",
    )


def open_directory(path: Path, **more: object) -> ResultsDirectory:
    given = {"rotate_bytes": 1_000_000, "rotate_seconds": 60.0} | more
    return ResultsDirectory(path, **given)


def numbers(folder: Path, pattern: str = "*.jsonl") -> list[int]:
    """Those that are in the files of a directory, oldest first."""
    return [
        number for path in sorted(folder.glob(pattern)) for number in numbers_in(path.read_bytes())
    ]


def numbers_in(content: bytes) -> Iterator[int]:
    """Those of a file, which has to be whole."""
    assert content.endswith(b"\n") or not content
    for line in content.splitlines():
        yield msgspec.json.decode(line, type=dict[str, Any])["line"]


class Arrivals(ListShip):
    """Tells of each part that arrived."""

    def __init__(self, *refusals: str) -> None:
        left = list(refusals)
        super().__init__(lambda _: left.pop(0) if left else None)
        self._news = asyncio.Queue[str]()

    async def send(self, path: Path, folder: str = "") -> None:
        await super().send(path, folder)
        self._news.put_nowait(path.name)

    async def next(self) -> str:
        with anyio.fail_after(10):
            return await self._news.get()


def test_a_line_is_a_result_with_queue_and_message() -> None:
    line = msgspec.json.decode(msgspec.json.encode(delivered(1)), type=dict[str, object])
    assert list(line)[:3] == ["id", "line", "target"]
    assert list(line)[-2:] == ["queue", "message_id"]


async def test_what_was_told_as_kept_is_there_after_kills_and_a_living_workers_file_is_left_alone(
    tmp_path: Path,
) -> None:
    async def start(first: int, count: int) -> asyncio.subprocess.Process:
        arguments = (str(tmp_path), str(first), str(count))
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", _WORKER, *arguments, stdout=asyncio.subprocess.PIPE
        )

    async def killed_after(process: asyncio.subprocess.Process, lines: int) -> list[int]:
        assert process.stdout is not None
        told = [await process.stdout.readline() for _ in range(lines)]
        process.kill()
        rest, _ = await process.communicate()
        return [int(line) for line in [*told, *rest.splitlines()] if line.strip().isdigit()]

    living = await start(500_000, 50)
    assert living.stdout is not None
    for _ in range(51):
        last = await living.stdout.readline()
    assert last == b"end\n"
    workers = [await start(first, 100_000) for first in (0, 100_000, 200_000)]
    told = await asyncio.gather(
        *(killed_after(worker, 30 + 170 * turn) for turn, worker in enumerate(workers))
    )
    async with open_directory(tmp_path):
        kept = numbers(tmp_path)
        assert {number for each in told for number in each} <= set(kept)
        assert len(kept) == len(set(kept))
        assert sorted(numbers(tmp_path, "*.open")) == list(range(500_000, 500_050))
    living.kill()
    await living.wait()
    async with open_directory(tmp_path):
        assert set(range(500_000, 500_050)) <= set(numbers(tmp_path))
    assert not list(tmp_path.glob("*.open"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@settings(max_examples=40)
@given(cut=st.integers(min_value=0, max_value=900))
def test_of_a_dead_workers_file_every_whole_line_is_kept_and_an_empty_one_goes(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("results")
    content = b"".join(msgspec.json.encode(delivered(number)) + b"\n" for number in range(3))[
        : max(0, 900 - cut)
    ]
    (folder / "20260101T000000.000000Z-host-1-00000000.jsonl.open").write_bytes(content)

    async def start() -> None:
        async with open_directory(folder):
            pass

    anyio.run(start)
    whole = content.count(b"\n")
    assert numbers(folder) == list(range(whole))
    assert len(list(folder.iterdir())) == (whole > 0)


async def test_files_end_by_size_and_each_record_is_in_one(tmp_path: Path) -> None:
    async with open_directory(tmp_path, rotate_bytes=10_000) as results:
        for start in range(0, 500, 10):
            await asyncio.gather(
                *(results.append(delivered(number)) for number in range(start, start + 10))
            )
    assert sorted(numbers(tmp_path)) == list(range(500))
    files = list(tmp_path.iterdir())
    assert len(files) >= 10
    assert all(10_000 <= path.stat().st_size < 10_000 + 10 * 400 for path in sorted(files)[:1])


async def test_a_complete_file_is_never_touched_again(tmp_path: Path) -> None:
    async with open_directory(tmp_path) as results:
        await results.append(delivered(1))
    (complete,) = tmp_path.iterdir()
    content, stat = complete.read_bytes(), complete.stat()
    os.utime(complete, ns=(stat.st_atime_ns, stat.st_mtime_ns - 10**9))
    stat = complete.stat()
    for number in range(2, 5):  # each takes over what is there, finds, adds and ends
        async with open_directory(tmp_path, rotate_bytes=100) as results:
            await asyncio.gather(*(results.append(delivered(number)) for _ in range(3)))
    assert len(list(tmp_path.iterdir())) > 3
    assert (complete.read_bytes(), complete.stat().st_ino) == (content, stat.st_ino)
    assert complete.stat().st_mtime_ns == stat.st_mtime_ns


async def test_a_file_ends_by_age_also_when_nothing_comes_and_an_empty_one_leaves_nothing(
    tmp_path: Path,
) -> None:
    uploader = Arrivals()
    async with open_directory(tmp_path, rotate_seconds=0.05, uploader=uploader) as results:
        for number in (1, 2):
            await results.append(delivered(number))
            await uploader.next()
    assert [list(numbers_in(content)) for _, content in uploader.sent] == [[1], [2]]
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_is_full_acknowledges_nothing_and_with_space_again_results_are_kept(
    tmp_path: Path,
) -> None:
    told: list[int] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with open_directory(tmp_path) as results:

        async def append(number: int) -> None:
            await results.append(delivered(number))
            told.append(number)

        # a write goes in part, then fails: as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
        try:
            outcomes = await asyncio.gather(
                *(append(number) for number in range(100)), return_exceptions=True
            )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        refused = [outcome for outcome in outcomes if outcome is not None]
        assert refused
        assert all(
            isinstance(error, JournalError) and "can't be written" in str(error)
            for error in refused
        )
        assert sorted(numbers(tmp_path)) == sorted(told)
        await append(100)
    assert sorted(numbers(tmp_path)) == sorted(told)


async def test_a_part_goes_only_when_it_is_taken_and_the_refused_is_tried_again_while_results_go_on(
    tmp_path: Path,
) -> None:
    uploader = Arrivals("no connection", "no connection")
    (tmp_path / "notes.jsonl").write_bytes(b"not ours")
    async with open_directory(tmp_path, rotate_bytes=1, uploader=uploader) as results:
        await results.append(delivered(1))
        await results.append(delivered(2))
        assert sorted(numbers(tmp_path, "2*.jsonl")) == [1, 2]
        assert {await uploader.next(), await uploader.next()} == {name for name, _ in uploader.sent}
    assert [path.name for path in tmp_path.iterdir()] == ["notes.jsonl"]


async def test_what_could_not_be_sent_by_the_end_is_sent_after_the_next_start(
    tmp_path: Path,
) -> None:
    class Stuck:
        async def send(self, path: Path, folder: str = "") -> None:
            await asyncio.Event().wait()

    async with open_directory(tmp_path, uploader=Stuck(), close_within=0.05) as results:
        await results.append(delivered(1))
    assert numbers(tmp_path) == [1]
    uploader = Arrivals()
    async with open_directory(tmp_path, uploader=uploader):
        await uploader.next()
    assert [list(numbers_in(content)) for _, content in uploader.sent] == [[1]]
    assert list(tmp_path.iterdir()) == []


async def test_workers_that_share_a_directory_send_each_part_once(tmp_path: Path) -> None:
    for _ in range(20):
        async with open_directory(tmp_path) as results:
            await results.append(delivered(1))
    uploaders = [Arrivals() for _ in range(3)]
    async with contextlib.AsyncExitStack() as workers:
        for uploader in uploaders:
            await workers.enter_async_context(open_directory(tmp_path, uploader=uploader))
    sent = [name for uploader in uploaders for name, _ in uploader.sent]
    assert len(sent) == len(set(sent)) == 20
    assert list(tmp_path.iterdir()) == []


async def test_an_error_of_the_worker_comes_through_and_a_cancelled_one_leaves_complete_files(
    tmp_path: Path,
) -> None:
    async def fail() -> None:
        async with open_directory(tmp_path) as results:
            await results.append(delivered(1))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    with anyio.CancelScope() as scope:
        async with open_directory(tmp_path) as results:
            await results.append(delivered(2))
            scope.cancel()
            await anyio.sleep_forever()
    assert numbers(tmp_path) == [1, 2]
    assert not list(tmp_path.glob("*.open"))


async def test_a_directory_that_can_not_be_used_is_told_of_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="can't be used as results directory: Not a directory"):
        async with open_directory(tmp_path / "file" / "results"):
            pass


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def test_images_have_the_names_of_their_results_and_are_completed_and_sent_with_them(
    tmp_path: Path,
) -> None:
    uploader = ListShip(lambda name: "S3 is away" if away else None)
    away = True
    async with open_directory(tmp_path, rotate_bytes=2_000, uploader=uploader) as results:
        for number in range(40):
            kept = await results.keep_image(message_image(number))
            assert (
                f"{kept.file}.open" in {path.name for path in tmp_path.glob("images/*")}
                or (tmp_path / "images" / kept.file).exists()
            )
            if number != 39:  # the last is in flight
                await results.append(delivered(number))
        whole = files_in(tmp_path)
        names = {each for each in whole if "/" not in each}
        assert len(names) > 5
        assert whole == names | {f"images/{name}" for name in names}
        assert results.waiting == 2 * len([each for each in names if not each.endswith(".open")])
    there = files_in(tmp_path)
    assert not [name for name in there if name.endswith(".open")]
    away = False
    async with open_directory(tmp_path, uploader=uploader):
        await until(lambda: len(uploader.sent) == len(there))
    assert {name for name, _ in uploader.sent} == there
    assert files_in(tmp_path) == set()
    sent = sorted(number for name, content in uploader.sent for number in numbers_in(content))
    assert sent == sorted([*range(40), *range(39)])


@pytest.mark.parametrize("torn", [False, True])
async def test_the_images_of_a_dead_worker_are_completed_with_or_without_results(
    tmp_path: Path, torn: bool
) -> None:
    name = "20260101T000000.000000Z-host-1-00000000.jsonl"
    (tmp_path / f"{name}.open").touch()
    (tmp_path / "images").mkdir()
    line = msgspec.json.encode(message_image(1)) + b"\n"
    (tmp_path / "images" / f"{name}.open").write_bytes(line + (line[:50] if torn else b""))
    async with open_directory(tmp_path):
        pass
    assert files_in(tmp_path) == {f"images/{name}"}
    assert (tmp_path / "images" / name).read_bytes() == line


async def test_an_image_that_can_not_be_kept_is_told_and_those_after_it_go_into_another_file(
    tmp_path: Path,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with open_directory(tmp_path) as results:
        await results.keep_image(message_image(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
        try:
            with pytest.raises(JournalError, match="can't be written"):
                await results.keep_image(message_image(2))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await results.keep_image(message_image(3))
    images = sorted((tmp_path / "images").iterdir())
    assert [list(numbers_in(path.read_bytes())) for path in images] == [[1], [3]]


async def test_a_place_of_images_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images").chmod(0o777)
    async with open_directory(tmp_path) as results:
        with pytest.raises(JournalError, match="every user can write to it"):
            await results.keep_image(message_image(1))
        await results.append(delivered(1))
    assert numbers(tmp_path) == [1]
