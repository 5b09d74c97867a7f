"""Where a command runs is not always a clean room: names, directories, and what is closed to it."""

import json
import os
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
