"""Files that a command did not make are never deleted, cut or overwritten by it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger
from tests.storage.test_file_system import contents

Write = Callable[..., Path]


def seeded(count: int) -> Emulator:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(number) for number in range(1, count + 1)])
    return emulator


async def test_a_directory_with_files_and_no_run_is_refused_and_left_as_it_is(
    batcher: Command, tmp_path: Path
) -> None:
    for name in ("input.jsonl", "before.jsonl", "lock", "notes"):
        (tmp_path / name).write_bytes(b"{}\n")
    before = contents(tmp_path)
    for more in ((), ("--dry-run",)):
        ended = await batcher("run", "input.jsonl", "--out", ".", "--yes", *more)
        assert (ended.code, "holds files of something else" in ended.err) == (5, True), ended.err
    assert contents(tmp_path) == before


async def test_an_input_is_no_run_directory(batcher: Command, write_lines: Write) -> None:
    path = write_lines([change(1)])
    content = path.read_bytes()
    ended = await batcher("run", path.name, "--out", path.name, "--yes")
    assert (ended.code, "it is no directory" in ended.err) == (5, True), ended.err
    assert path.read_bytes() == content


async def test_an_export_or_plan_replaces_a_file_only_by_force_and_says_so_first(
    batcher: Command, tmp_path: Path, write_lines: Write
) -> None:
    given = write_lines([change(1)]).name
    jobs = (("export", "--domain", "acme"), ("plan", given))
    emulator = seeded(1)
    async with emulator as url:
        for job in jobs:
            (tmp_path / "out.jsonl").write_bytes(b"theirs")
            refused = await batcher(*job, "--endpoint-url", url, "--out", "out.jsonl")
            assert (refused.code, "--force" in refused.err) == (2, True), refused.err
            assert (tmp_path / "out.jsonl").read_bytes() == b"theirs"
            assert emulator.calls() == []
        for job in jobs:
            forced = await batcher(*job, "--endpoint-url", url, "--out", "out.jsonl", "--force")
            assert (forced.code, len(records(tmp_path / "out.jsonl"))) == (0, 1), forced.err
        (tmp_path / "link.jsonl").symlink_to("out.jsonl")
        (tmp_path / "a.run").mkdir()
        (tmp_path / "a.run" / "run.json").write_bytes(b"{}")
        before = contents(tmp_path)
        for place in ("link.jsonl", "a.run/results.jsonl"):
            for job in jobs:
                refused = await batcher(*job, "--endpoint-url", url, "--out", place, "--force")
                assert refused.code in (2, 5), refused.err
    assert contents(tmp_path) == before


async def test_of_commands_that_write_one_name_at_once_exactly_one_wins(
    batcher: Command, tmp_path: Path, write_lines: Write
) -> None:
    given = write_lines([change(number) for number in range(1, 151)]).name
    async with seeded(150) as url:
        jobs = {
            "a.jsonl": ("export", "--domain", "acme", "--endpoint-url", url, "--out", "a.jsonl"),
            "b.jsonl": ("plan", given, "--endpoint-url", url, "--out", "b.jsonl"),
            f"spool/{given}": ("enqueue", given, "--queue", "spool:spool"),
        }
        for name, job in jobs.items():
            ended = await asyncio.gather(*(batcher(*job) for _ in range(3)))
            lost = 5 if job[0] == "enqueue" else 2
            assert sorted(each.code for each in ended) == [0, lost, lost], ended
            assert len({str(line) for line in records(tmp_path / name)}) == 150
    left = [name for _, _, names in os.walk(tmp_path) for name in names if ".new" in name]
    assert left == []
