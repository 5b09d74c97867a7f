"""Between waves, on standard error: what is told, and that nobody's answer is no."""

import asyncio
import os
import pty
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskStatus

from batcher.cli.terminal_attendant import TerminalAttendant
from batcher.emulator import Emulator
from batcher.jobs.waves import ChangedUpdates
from batcher.records import Seconds, Summary
from tests.conftest import Command, change, trigger

Write = Callable[..., Path]


async def test_without_a_terminal_the_answer_is_no_and_the_summary_is_left_to_the_end(
    capfd: pytest.CaptureFixture[str],
) -> None:
    said: list[Summary] = []

    async def listen(*, task_status: TaskStatus[None]) -> None:
        task_status.started()
        await anyio.sleep_forever()

    attendant = TerminalAttendant(said.append, listen)
    summary = Summary(wall_seconds=1, rate=1, seconds=Seconds())
    assert not await attendant.agrees("Go on?", summary, ChangedUpdates())
    attendant.tell("check: \x1b[2J")
    assert said == []
    out, err = capfd.readouterr()
    assert (out, "\x1b" in err, "check: \\u001b[2J" in err) == ("", False, True)
    async with anyio.create_task_group() as tasks:
        await tasks.start(attendant.listen)
        tasks.cancel_scope.cancel()


async def test_on_a_terminal_a_check_that_says_75_has_a_person_asked(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(4)])
    write_lines([change(n) for n in range(4)])
    ours, theirs = pty.openpty()
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "500", "--yes", "--waves", "2")
        check = "sh -c 'test $BATCHER_WAVE = 2 || exit 75'"
        process = await batcher.start(
            "run", "updates.jsonl", *flags, "--check", check, stdin=theirs
        )
        assert process.stderr is not None
        err = await asyncio.wait_for(process.stderr.readuntil(b"[y/N]: "), 20)
        assert b"The check of wave 1 of 2 asks: go on with the next wave?" in err
        assert b"line 2, id 2: acme/t1 succeeded" in err
        assert len(emulator.applied()) == 2
        os.write(ours, b"y\n")
        await process.communicate()
    assert (process.returncode, len(emulator.applied())) == (0, 4)
    os.close(ours)
    os.close(theirs)
