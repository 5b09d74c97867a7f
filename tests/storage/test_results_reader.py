"""A results directory read afterwards: all of it, in order, also while a worker is at work."""

import os
from pathlib import Path

import msgspec
import pytest

from batcher.errors import DamageError
from batcher.storage.file_lock import try_lock
from batcher.storage.results_files import IMAGES
from batcher.storage.results_reader import ResultsReader
from tests.storage.test_message_images import message_image
from tests.storage.test_results_directory import delivered, open_directory


def write_images(folder: Path, begun: str, *numbers_and_seconds: tuple[int, int]) -> Path:
    """A file that was begun at that second, with images that were kept at these."""
    (folder / IMAGES).mkdir(exist_ok=True)
    path = folder / IMAGES / f"20260101T0000{begun}.000000Z-host-1-{len(os.listdir(folder))}.jsonl"
    path = path.with_name(path.name.replace("-1-", f"-{numbers_and_seconds[0][0]}-"))
    images = [
        message_image(number, f"2026-01-01T00:00:{second:02}.500Z")
        for number, second in numbers_and_seconds
    ]
    path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in images))
    return path


def order(reader: ResultsReader) -> list[int]:
    return [image.line for _, image in reader.images()]


def test_images_of_several_workers_come_in_the_order_of_time_and_those_of_a_file_in_theirs(
    tmp_path: Path,
) -> None:
    write_images(tmp_path, "00", (1, 1), (4, 4), (6, 9))
    write_images(tmp_path, "02", (2, 2), (3, 3), (5, 8))
    write_images(tmp_path, "10", (7, 12), (8, 11))  # its clock was put back
    assert order(ResultsReader(tmp_path)) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_no_more_files_are_open_than_were_written_to_at_one_time(tmp_path: Path) -> None:
    for number in range(50):
        write_images(tmp_path, f"{number:02}", (number, number), (100 + number, number))
    most, seen = 0, 0
    for _ in ResultsReader(tmp_path).images():
        seen += 1
        opened = [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]
        most = max(most, sum(str(tmp_path) in each for each in opened))
    assert (seen, most <= 3) == (100, True)


async def test_a_worker_may_be_at_work_and_complete_its_files_meanwhile(tmp_path: Path) -> None:
    async with open_directory(tmp_path) as results:
        kept = await results.keep_image(message_image(1))
        await results.append(delivered(1))
        reader = ResultsReader(tmp_path)
        assert (reader.is_empty, reader.has_images, reader.is_written_to()) == (False, True, True)
    assert [result.id for _, result in reader.results()] == ["1"]
    assert [digest for digest, _ in reader.images()] == [kept.digest]
    assert reader.has_image_file(kept.file)
    assert not reader.is_written_to()
    assert not ResultsReader(tmp_path).is_written_to()


async def test_who_asks_whether_a_worker_is_at_work_stops_none_that_takes_over(
    tmp_path: Path,
) -> None:
    left = tmp_path / "20260101T000000.000000Z-host-1-00000000.jsonl.open"
    left.write_bytes(msgspec.json.encode(delivered(1)) + b"\n")
    reader = ResultsReader(tmp_path)
    assert not reader.is_written_to()
    held = try_lock(left)
    assert held is not None
    assert reader.is_written_to()
    os.close(held)
    assert not reader.is_written_to()


@pytest.mark.parametrize("folder", ["", IMAGES])
@pytest.mark.parametrize("kind", ["changed", "lost", "swapped"])
async def test_a_line_that_is_not_as_it_was_written_is_told(
    tmp_path: Path, folder: str, kind: str
) -> None:
    async with open_directory(tmp_path) as results:
        for number in range(4):
            await results.keep_image(message_image(number))
            await results.append(delivered(number))
    (path,) = (tmp_path / folder).glob("2*")
    lines = path.read_bytes().splitlines(keepends=True)
    if kind == "changed":
        lines[1] = lines[1].replace(b'"acme"', b'"evil"')
    elif kind == "lost":
        del lines[1]
    else:
        lines[1], lines[2] = lines[2], lines[1]
    path.write_bytes(b"".join(lines))
    reader = ResultsReader(tmp_path)
    with pytest.raises(DamageError, match=r"line 2 .*not as it was written"):
        list(reader.images() if folder else reader.results())


def test_what_goes_while_it_is_read_is_told_and_what_is_none_of_ours_is_left_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.jsonl").write_bytes(b"x\n")
    assert ResultsReader(tmp_path).is_empty
    path = write_images(tmp_path, "00", (1, 1))
    reader = ResultsReader(tmp_path)
    path.unlink()
    with pytest.raises(DamageError, match="is gone"):
        list(reader.images())
