"""Where a command runs is not always a clean room: names, directories, and what is closed to it."""

import asyncio
import json
import os
import resource
import sys
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger


@pytest.mark.parametrize("name", [b"caf\xe9-\xff", "zoë 触".encode(), b"a b\n", b"-"])
async def test_a_file_of_any_name_is_run_verified_and_rolled_back(
    name: bytes, batcher: Command, tmp_path: Path
) -> None:
    file, run = (os.fsdecode(b"./" + name + ending) for ending in (b".jsonl", b".run"))
    Path(tmp_path, file).write_text(json.dumps(change(1)))
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        place = ("--endpoint-url", url)
        for command in (("run", file, "--yes"), ("run", file), ("verify", run)):
            ended = await batcher(*command, *place)
            assert (ended.code, "\n" in ended.out) == (0, False), ended.err
        assert (await batcher("rollback", run, "--yes", *place)).code == 0
    assert emulator.trigger("acme", "t1")["Description"] == "before-1"


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        ("u.jsonl", 0, "1 update of 1 trigger in 1 domain: all valid"),
        ("u.jsonl.zst", 5, "there is no place for a copy of the input: No usable temporary"),
    ],
)
async def test_on_a_full_disk_what_needs_no_copy_goes_on(
    file: str, code: int, words: str, batcher: Command, tmp_path: Path
) -> None:
    (tmp_path / file).write_text(json.dumps(change(1)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "batcher", "validate", file),
        cwd=tmp_path,
        env=batcher.environ,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )
    _, err = await process.communicate()
    assert (process.returncode, words in err.decode()) == (code, True), err
