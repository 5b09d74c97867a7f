"""What a run needs is taken away while it runs.

It stops, says so, and resumes with exact books once that is mended.
"""

import json
import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.emulator import Emulator, Quota
from tests.conftest import Command, change, records, trigger
from tests.torture import ROUNDS, TRIGGERS, hold_books, rounds
from tests.waiting import until

Strike = Callable[[Path, int], None]
INPUT, RUN = "updates.jsonl", "updates.run"


def delete_the_input(folder: Path, process: int) -> None:
    (folder / INPUT).unlink()


def cut_the_input_short(folder: Path, process: int) -> None:
    os.truncate(folder / INPUT, 200)


def _edit_the_input(folder: Path, old: bytes, new: bytes) -> None:
    """Change something, with size and time left as they were."""
    path = folder / INPUT
    found = path.stat()
    path.write_bytes(path.read_bytes().replace(old, new))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def edit_what_is_not_sent_yet(folder: Path, process: int) -> None:
    _edit_the_input(folder, b"round-4", b"ROUND-4")


def edit_what_was_sent(folder: Path, process: int) -> None:
    _edit_the_input(folder, b"round-0", b"ROUND-0")


def fill_the_disk(folder: Path, process: int) -> None:
    """The next writes fail, the first of them in the middle of a line.

    The log, longer by now, grows no more either.
    """
    size = (folder / RUN / "results.jsonl").stat().st_size
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size + 100, size + 100))


def take_the_directory_away(folder: Path, process: int) -> None:
    (folder / RUN).rename(folder / "elsewhere")


def put_another_in_its_place(folder: Path, process: int) -> None:
    (folder / RUN).rename(folder / "elsewhere")
    (folder / RUN).mkdir()
    (folder / RUN / "lock").write_text("somebody else's")


def bring_it_back(folder: Path) -> None:
    """Whatever was taken."""
    (folder / INPUT).write_text("".join(json.dumps(update) + "\n" for update in rounds()))
    if (folder / "elsewhere").exists():
        if (folder / RUN).exists():
            assert [path.name for path in (folder / RUN).iterdir()] == ["lock"]
            (folder / RUN / "lock").unlink()
            (folder / RUN).rmdir()
        (folder / "elsewhere").rename(folder / RUN)


@pytest.mark.parametrize(
    ("strike", "said"),
    [
        (delete_the_input, "updates.jsonl: gone since it was checked"),
        (edit_what_is_not_sent_yet, "updates.jsonl: changed since it was checked (noticed at line"),
        (edit_what_was_sent, "updates.jsonl: changed since it was checked"),
        (cut_the_input_short, "updates.jsonl: changed since it was checked"),
        (fill_the_disk, ".jsonl: can't be written: File too large"),
        (take_the_directory_away, ".jsonl: removed or replaced while the run went on"),
        (put_another_in_its_place, ".jsonl: removed or replaced while the run went on"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_it_stops_says_so_and_resumes(
    batcher: Command, tmp_path: Path, strike: Strike, said: str
) -> None:
    emulator = Emulator(
        latency=(0.0, 0.03), quotas={"UpdateEventTrigger": Quota(rate=300, burst=50)}
    )
    emulator.seed([trigger(n) for n in range(TRIGGERS)])
    bring_it_back(tmp_path)
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "250", "--concurrency", "16", "--yes", "--json")
        process = await batcher.start("run", INPUT, *flags)
        await until(lambda: len(emulator.applied()) >= 60)
        strike(tmp_path, process.pid)
        out, err = (stream.decode() for stream in await process.communicate())
        assert (process.returncode, "Traceback" in err) == (3, False), err
        assert said in err
        assert said in json.loads(out)["stopped"]
        bring_it_back(tmp_path)
        kept = [
            json.loads(line)
            for line in (tmp_path / RUN / "results.jsonl").read_text().splitlines(keepends=True)
        ]
        applied = len(emulator.applied())
        assert 20 <= len(kept) <= applied <= len(kept) + 2 * 16, (len(kept), applied)
        ended = await batcher("run", INPUT, *flags)
        assert ended.code == 0, ended.err
        hold_books(tmp_path, emulator, rounds(), json.loads(ended.out))
    assert records(tmp_path / RUN / "results.jsonl")[: len(kept)] == kept


async def test_a_run_directory_that_is_deleted_ends_the_run_and_the_same_command_starts_anew(
    batcher: Command, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.03))
    emulator.seed([trigger(n) for n in range(TRIGGERS)])
    bring_it_back(tmp_path)
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "250", "--yes", "--json")
        process = await batcher.start("run", INPUT, *flags)
        await until(lambda: len(emulator.applied()) >= 60)
        shutil.rmtree(tmp_path / RUN)
        _, err = await process.communicate()
        assert (process.returncode, b".jsonl: removed or replaced" in err) == (3, True), err
        assert not (tmp_path / RUN).exists()
        assert (await batcher("run", INPUT, *flags)).code == 0
        for number in range(TRIGGERS):
            assert emulator.trigger("acme", f"t{number}")["SegmentFilter"] == f"round-{ROUNDS - 1}"


async def test_an_input_that_vanishes_before_the_failed_lines_are_written_is_told_and_mended_later(
    batcher: Command, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    emulator.script("UpdateEventTrigger", ["hang"])
    line = json.dumps(change(1)) + "\n"
    (tmp_path / INPUT).write_text(line)
    async with emulator as url:
        flags = (
            "--endpoint-url",
            url,
            "--rate",
            "50",
            "--yes",
            "--max-attempts",
            "1",
            "--read-timeout",
            "1",
        )
        process = await batcher.start("run", INPUT, *flags)
        await until(
            lambda: any(call.operation == "UpdateEventTrigger" for call in emulator.calls())
        )
        (tmp_path / INPUT).unlink()
        _, err = await process.communicate()
        assert (process.returncode, b"is gone; put it back" in err) == (3, True), err
        assert json.loads((tmp_path / RUN / "summary.json").read_bytes())["in_doubt"] == 1
        (tmp_path / INPUT).write_text(line)
        assert (await batcher("run", INPUT, *flags)).code == 1
    assert records(tmp_path / RUN / "failed.jsonl") == [
        {"id": "1", "target": "default", **change(1)}
    ]
