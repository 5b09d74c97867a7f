"""A results directory read as a run: of a time, each image once, and nothing guessed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from batcher.config import resolve
from batcher.errors import DamageError, InputError, RunDirectoryError, SettingsError
from batcher.jobs.results_run import ResultsRun, TimeSpan, results_as_run
from batcher.jobs.rollback import make_rollback
from batcher.storage.message_images import KeptImage, MessageImage
from batcher.storage.results_directory import ResultsDirectory
from tests.storage.test_message_images import message_image
from tests.storage.test_results_directory import delivered, open_directory


def at(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}.000Z"


async def keep(results: ResultsDirectory, number: int, second: int, **more: Any) -> KeptImage:
    return await results.keep_image(replace(message_image(number, at(second)), **more))


async def settle(
    results: ResultsDirectory, number: int, second: int, image: KeptImage | None, **more: Any
) -> None:
    where = {} if image is None else {"image": image.digest, "image_file": image.file}
    await results.append(replace(delivered(number), finished_at=at(second), **where, **more))


@contextmanager
def read(path: Path, **span: str) -> Iterator[ResultsRun]:
    with results_as_run(path, resolve({}), TimeSpan(**span)) as found:
        yield found
    assert not list(path.glob(".batcher-*"))


def undone(found: ResultsRun) -> list[str]:
    """The messages whose updates are undone, newest first."""
    lines: list[dict[str, Any]] = []
    make_rollback(found.run, lines.append)
    return [line["id"] for line in lines]


async def test_an_update_is_of_the_time_of_its_result_and_without_one_of_its_image(
    tmp_path: Path,
) -> None:
    async with open_directory(tmp_path) as results:
        await settle(results, 1, 2, await keep(results, 1, 1))
        await settle(results, 2, 12, await keep(results, 2, 3))  # it was throttled for long
        await settle(results, 3, 14, await keep(results, 3, 13))
        await keep(results, 4, 15)  # its worker was killed
        await settle(results, 5, 21, await keep(results, 5, 16))
        await settle(results, 6, 17, None)  # not looked at
        await keep(results, 7, 22)
    for span, expected in (
        ({}, ["m7", "m5", "m4", "m3", "m2", "m1"]),
        ({"since": at(10)}, ["m7", "m5", "m4", "m3", "m2"]),
        ({"since": at(10), "until": at(20)}, ["m4", "m3", "m2"]),
        ({"until": at(12)}, ["m2", "m1"]),
    ):
        with read(tmp_path, **span) as found:
            assert undone(found) == expected
            assert (found.elsewhere, found.notes()) == (0, [])
    with (
        pytest.raises(InputError, match="no updates of that time"),
        read(tmp_path, since=at(30)),
    ):
        pass


async def test_what_is_undone_has_image_and_base_of_its_update_and_what_nobody_saw_is_counted(
    tmp_path: Path,
) -> None:
    async with open_directory(tmp_path) as results:
        await settle(results, 1, 2, await keep(results, 1, 1), digest="d" * 64)
        await settle(results, 2, 3, None)
        await settle(results, 3, 4, None, status="unchanged")
    with read(tmp_path) as found:
        lines: list[dict[str, Any]] = []
        report = make_rollback(found.run, lines.append)
        assert found.run.manifest.targets == {"default": message_image(1).place}
        assert found.run.where == str(tmp_path)
    assert report.unseen == 1
    (line,) = lines
    assert line["Description"] == "before"
    assert line["based_on"] == {"sha256": "d" * 64}


async def test_each_write_is_undone_once_however_often_its_message_came_and_its_result_was_kept(
    tmp_path: Path,
) -> None:
    async with open_directory(tmp_path) as results:
        first = await keep(results, 1, 1)
        await settle(results, 1, 2, first)
        await settle(results, 1, 3, first)  # of who had it next, and found it done
        await settle(results, 2, 5, await keep(results, 2, 4))
        await settle(results, 1, 7, await keep(results, 1, 6))  # sent once more, after another
        old = await keep(results, 3, 8)
        await settle(results, 3, 10, await keep(results, 3, 9, replaces=old.digest))
    with read(tmp_path) as found:
        assert undone(found) == ["m3", "m1#2", "m2", "m1"]


async def test_an_image_in_a_file_that_went_away_is_said_and_one_that_was_cut_out_is_damage(
    tmp_path: Path,
) -> None:
    async with open_directory(tmp_path) as results:
        gone = await keep(results, 1, 1)
    async with open_directory(tmp_path) as results:
        await settle(results, 1, 2, gone)
        await settle(results, 2, 4, await keep(results, 2, 3))
    (tmp_path / "images" / gone.file).rename(tmp_path / "elsewhere")
    with read(tmp_path) as found:
        assert undone(found) == ["m2"]
        assert found.elsewhere == 1
        assert "not here any more" in found.notes()[0]
    (tmp_path / "images" / gone.file).write_bytes(b"")
    with pytest.raises(DamageError, match=r"does not have the image of .*line 1"), read(tmp_path):
        pass


async def test_two_places_of_one_target_are_refused_unless_the_time_leaves_one(
    tmp_path: Path,
) -> None:
    other = replace(message_image(1).place, account="999922223333")
    async with open_directory(tmp_path) as results:
        await settle(results, 1, 2, await keep(results, 1, 1))
        await settle(results, 2, 4, await keep(results, 2, 3, place=other))
    with (
        pytest.raises(RunDirectoryError, match="the account of target default was"),
        read(tmp_path),
    ):
        pass
    with read(tmp_path, since=at(3)) as found:
        assert found.run.manifest.targets == {"default": other}


async def test_a_target_that_the_settings_do_not_know_is_refused_by_its_name(
    tmp_path: Path,
) -> None:
    async with open_directory(tmp_path) as results:
        image = await keep(results, 1, 1, target="prod")
        await settle(results, 1, 2, image, target="prod")
    with pytest.raises(SettingsError, match="targets prod are not known"), read(tmp_path):
        pass
    with results_as_run(tmp_path, resolve({"target": "prod"}), TimeSpan()) as found:
        assert undone(found) == ["m1"]


async def test_a_directory_of_an_earlier_version_or_of_something_else_is_told(
    tmp_path: Path,
) -> None:
    old = tmp_path / "old"
    async with open_directory(old) as results:
        await settle(results, 1, 1, None)
    with pytest.raises(RunDirectoryError, match="kept no before images"), read(old):
        pass
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunDirectoryError, match="neither a run directory nor"), read(path):
            pass


async def test_who_works_on_is_said_and_what_he_does_meanwhile_is_no_part_of_it(
    tmp_path: Path,
) -> None:
    async with open_directory(tmp_path) as results:
        image = await keep(results, 1, 1)
        with read(tmp_path) as found:
            await settle(results, 1, 2, image)
            assert "A worker is at work here" in found.notes()[0]
            assert undone(found) == ["m1"]


def test_an_image_is_read_whatever_a_later_version_adds() -> None:
    line = msgspec.to_builtins(message_image(1)) | {"later": 1}
    assert msgspec.convert(line, MessageImage) == message_image(1)
