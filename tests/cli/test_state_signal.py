"""SIGUSR1: at any instant a command says where it stands, and goes on as if nothing had been."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.cli.loop_call import soon
from batcher.cli.state_signal import (
    NOTHING_YET,
    asked_again,
    called_on_signal,
    told_on_signal,
    write_now,
)
from batcher.emulator import Emulator
from tests.conftest import Command, Process, change, trigger
from tests.terminal import terminal
from tests.waiting import until

Write = Callable[..., Path]


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator(latency=(0.0, 0.01))
    emulator.seed([trigger(n) for n in range(60)])
    return emulator


def test_the_innermost_is_told_and_what_counted_before_counts_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with told_on_signal(lambda: ["outer"]):
        with told_on_signal(lambda: ["in\x1bner", "second"]):
            signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)
    assert capfd.readouterr().err == "in\\u001bner\nsecond\nouter\n"
    assert signal.getsignal(signal.SIGUSR1) is before


def test_what_can_not_be_told_ends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with told_on_signal(lambda: [str(1 // 0)]):
        signal.raise_signal(signal.SIGUSR1)
    assert capfd.readouterr().err == ""


async def test_in_a_loop_it_is_called_beside_and_a_question_stands_below(
    capfd: pytest.CaptureFixture[str],
) -> None:
    told: list[str] = []
    with (
        called_on_signal(lambda: told.append("state"), soon),
        asked_again(lambda: told.append("?"), soon),
    ):
        signal.raise_signal(signal.SIGUSR1)
        assert told == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert told == ["state", "?"]
    assert capfd.readouterr().err == "\n"


@pytest.mark.parametrize("fault", ["closed", "blocked"])
def test_a_standard_error_that_takes_nothing_holds_nothing_up(fault: str) -> None:
    kept, (ours, theirs) = os.dup(2), os.pipe()
    try:
        os.dup2(theirs, 2)
        if fault == "closed":
            os.close(ours)
        else:
            os.set_blocking(2, False)
            with contextlib.suppress(BlockingIOError):
                while os.write(2, b"x" * 65536):
                    pass
        began = time.monotonic()
        write_now(["state"] * 10_000)
        assert time.monotonic() - began < 1
    finally:
        os.dup2(kept, 2)
        for descriptor in {kept, theirs, ours} if fault == "blocked" else {kept, theirs}:
            os.close(descriptor)


async def hit(process: Process, pause: float) -> int:
    """Send the signal all the time until the process ends; returns how often."""
    count = 0
    while process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGUSR1)  # asyncio's own would reap what has ended
            count += 1
        await asyncio.sleep(pause)
    return count


@pytest.mark.parametrize("pause", [0.003, 0.03])
async def test_at_any_instant_from_the_first_to_the_last_a_run_goes_on(
    batcher: Command, write_lines: Write, emulator: Emulator, pause: float
) -> None:
    write_lines([change(n) for n in range(60)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "1000", "--yes", "--no-progress")
        process = await batcher.start("run", "updates.jsonl", *flags)
        # forked with its imports done: it is in main by the time that it has said anything
        assert isinstance(process.stderr, asyncio.StreamReader)
        first = await process.stderr.readline()
        hitting = asyncio.create_task(hit(process, pause))
        _, err = await process.communicate()
        assert await hitting > 3
    assert process.returncode == 0, err
    said = (first + err).decode()
    assert "progress: done " in said or "Has not started: 60 updates." in said
    assert len(emulator.applied()) == 60


async def test_a_process_that_has_just_started_survives_it(
    batcher: Command, write_lines: Write
) -> None:
    """Python takes a while to start and to load; after that every instant is ours."""
    write_lines([change(n) for n in range(5)])
    environ = batcher.environ | {"PYTHONPATH": str(Path.cwd())}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "batcher", "validate", "updates.jsonl"),
        cwd=batcher.folder,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    status = Path(f"/proc/{process.pid}/status")
    await until(lambda: catches(status.read_text(), signal.SIGUSR1))
    count = await hit(process, 0.002)
    _, err = await process.communicate()
    assert (process.returncode, count > 3) == (0, True), err
    assert NOTHING_YET in err.decode()


def catches(status: str, number: int) -> bool:
    """Whether a process has a handler for a signal, by what the kernel says of it."""
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << (number - 1))


async def test_at_a_question_it_is_told_and_the_question_asked_again(
    batcher: Command, write_lines: Write, emulator: Emulator
) -> None:
    write_lines([change(n) for n in range(5)])
    with terminal(100) as seen:
        async with emulator as url:
            run = ("run", "updates.jsonl", "--endpoint-url", url, "--canary", "2")
            process = await batcher.start(*run, stdin=seen.theirs, stderr=seen.theirs)
            await until(lambda: seen.text.endswith("Start? [y/N]:"))
            process.send_signal(signal.SIGUSR1)
            await until(lambda: "Has not started: 5 updates." in seen.text)
            await until(lambda: seen.text.endswith("Start? [y/N]:"))
            seen.type("y\n")
            await until(lambda: seen.text.endswith("Go on with the rest? [y/N]:"))
            process.send_signal(signal.SIGUSR1)
            await until(lambda: "waits for question" in seen.text)
            await until(lambda: seen.text.endswith("Go on with the rest? [y/N]:"))
            seen.type("y\n")
            await process.communicate()
    assert process.returncode == 0, seen.text
    assert len(emulator.applied()) == 5


async def test_a_worker_logs_where_it_stands(
    batcher: Command, write_lines: Write, tmp_path: Path, emulator: Emulator
) -> None:
    write_lines([change(n) for n in range(5)])
    assert (await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")).code == 0
    async with emulator as url:
        flags = ("--queue", "spool:spool", "--endpoint-url", url)
        process = await batcher.start("worker", *flags)
        await until(lambda: len(emulator.applied()) == 5)
        process.send_signal(signal.SIGUSR1)
        assert process.stderr is not None
        while b"worker.state" not in (line := await process.stderr.readline()):
            assert line
        process.terminate()
        await process.communicate()
    told = json.loads(line)
    assert (told["failed"], told["paused"], process.returncode) == (0, None, 4)
