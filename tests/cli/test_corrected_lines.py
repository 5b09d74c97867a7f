"""What is offered for lines that AWS does not take, pasted as it stands."""

import asyncio
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger

Write = Callable[..., Path]


async def test_what_is_corrected_in_a_copy_runs_and_leaves_the_books_right(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1), trigger(2)])
    write_lines([change(1), change(8)], "it's a file.jsonl")
    command: tuple[str, ...] = ("run", "it's a file.jsonl")
    async with emulator as url:
        flags = ("--endpoint-url", url)
        for wrong, right in (("t8", "t9"), ("t9", "t2")):  # corrected wrongly, and once more
            ended = await batcher(*command, *flags, "--rate", "100", "--yes")
            assert ended.code == 1, ended.err
            copying = re.search(r"in a copy: (cp .+)", ended.err)
            running = re.search(r"run the corrected ones: batcher (.+)", ended.err)
            assert copying, ended.err
            assert running, ended.err
            shell = await asyncio.create_subprocess_shell(copying[1], cwd=batcher.folder)
            assert await shell.wait() == 0
            offered = shlex.split(running[1])
            assert offered[-2:] == list(flags)
            copy = batcher.folder / offered[1]
            copy.write_text(copy.read_text().replace(wrong, right))
            assert copy.stat().st_mode & 0o777 == 0o600
            command = tuple(offered[:-2])
        assert (await batcher(*command, *flags, "--rate", "100", "--yes")).code == 0
        proof = await batcher("verify", "it's a file.run", *flags)
    assert (proof.code, "It holds." in proof.err) == (0, True), proof.err


async def test_a_proof_of_a_run_that_ended_early_says_what_is_not_done(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(4)])
    write_lines([change(n) for n in range(4)])
    async with emulator as url:
        flags = ("--endpoint-url", url)
        command = ("run", "updates.jsonl", *flags, "--yes", "--canary", "1")
        assert (await batcher(*command)).code == 3  # nobody to ask
        ended = await batcher("verify", "updates.run", *flags)
    assert ended.code == 1
    assert "Not done: 3 updates; the command of the run, given again" in ended.err
