"""The files of a results directory: whole lines only, none of a living worker's."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from batcher.logs import logger
from batcher.storage.file_lock import try_lock
from batcher.storage.hash_chain import split
from batcher.storage.journal_reader import JournalReader
from batcher.storage.results_files import IMAGES, OpenFile, ResultsFiles
from tests.storage.test_results_directory import delivered

OLD = "20260101T000000.000000Z-host-1-00000000.jsonl"


def line(number: int) -> bytes:
    return msgspec.json.encode(delivered(number)) + b"\n"


async def test_an_open_file_is_empty_locked_and_there_and_becomes_a_complete_one(
    tmp_path: Path,
) -> None:
    files = ResultsFiles(tmp_path, logger())
    file = OpenFile(tmp_path)
    assert try_lock(file.path) is None
    files.take_over()  # not of the living
    assert (files.complete(), file.path.stat().st_size) == ([], 0)
    async with file.journal:
        await file.journal.append(delivered(1))
    files.finish(file.path, file.lock)
    (whole,) = files.complete()
    (kept,) = JournalReader(whole, None).lines()
    assert split(kept[1])[0] + b"\n" == line(1)


async def test_images_whose_results_an_earlier_version_completed_are_completed_too(
    tmp_path: Path,
) -> None:
    (tmp_path / IMAGES).mkdir()
    (tmp_path / IMAGES / f"{OLD}.open").write_bytes(line(1))
    (tmp_path / OLD).write_bytes(line(1))
    living = OpenFile(tmp_path)
    living.begin_images()
    files = ResultsFiles(tmp_path, logger())
    files.take_over()
    assert files.complete() == [tmp_path / IMAGES / OLD, tmp_path / OLD]
    assert [path.name for path in (tmp_path / IMAGES).glob("*.open")] == [living.path.name]
    for journal in (living.journal, living.images):
        assert journal is not None
        async with journal:
            pass
    files.finish(living.path, living.lock)
    assert len(list(tmp_path.rglob("*.jsonl*"))) == 2


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b"", None),
        (b'{"id":', None),
        (line(1), line(1)),
        (line(1) + line(2)[:50], line(1)),
    ],
    ids=["empty", "torn", "whole", "torn at the end"],
)
def test_what_a_dead_worker_left_is_completed_to_its_last_whole_line(
    tmp_path: Path, content: bytes, kept: bytes | None
) -> None:
    (tmp_path / f"{OLD}.open").write_bytes(content)
    files = ResultsFiles(tmp_path, logger())
    files.take_over()
    assert [path.read_bytes() for path in files.complete()] == ([] if kept is None else [kept])
    assert not list(tmp_path.glob("*.open"))


_AT_ONE_MOMENT = """
import pathlib, signal, sys
from batcher.storage.results_files import OpenFile

signal.alarm(20)  # where a name is taken it goes on trying
print(len({OpenFile(pathlib.Path(sys.argv[1])).path for _ in range(50)}))
"""


def test_names_differ_of_one_host_and_process_number_in_one_microsecond(tmp_path: Path) -> None:
    stopped = ("faketime", "-f", "2026-01-01 00:00:00")  # as two containers of one name may be
    command = (*stopped, sys.executable, "-c", _AT_ONE_MOMENT, str(tmp_path))
    assert subprocess.check_output(command, text=True) == "50\n"
    names = [path.name for path in tmp_path.glob("*.open")]
    assert len(names) == 50
    assert len({name.rpartition("-")[0] for name in names}) == 1, "moment, host and process"
