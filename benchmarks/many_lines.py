"""Memory, CPU and time of the commands that read a whole file or run, at 1,000,000 lines or more.

``python -m benchmarks.many_lines [LINES [COMMAND …]]``. The input names ids, domains and triggers
of its own on every line; of its run 99 % are done, one in a hundred of that failed, every
100,000th in doubt. Files go where TMPDIR says: 10,000,000 lines take 15 GB.
"""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from batcher.config import Settings
from batcher.jobs.failed_lines import write_failed
from batcher.jobs.run_reader import RunReader
from batcher.records import Error, Result, Status
from batcher.sources.checksum import file_checksum
from batcher.storage.hash_chain import ChainTip, line_digest
from batcher.storage.journal import Journal
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_journals import Heads
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from batcher.wiring.line_readers import line_reader
from benchmarks.common import emulator

LINES, DONE = 1_000_000, 0.99
DOMAINS = 12
FLUSHED = 5_000  # records that go to disk together
BEGAN, ENDED = "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.100Z"
REFUSED = Error(code="BadRequestException", message="Invalid request.", http_status=400)
LOST = Error(code="NoAnswer", message="No answer came.")
HERE = os.getcwd()

QUOTA = ("--rate", "100", "--read-rate", "100", "--no-remember", "--no-progress")
COMMANDS = {
    "validate": ("validate", "updates.jsonl"),
    "run": ("run", "updates.jsonl", "--yes", *QUOTA),
    "retry": ("retry", "updates.run", "--dry-run", "--yes", *QUOTA),
    "rollback": ("rollback", "updates.run", "--dry-run", "--yes", *QUOTA),
    "verify": ("verify", "updates.run", *QUOTA),
    "verify-in-doubt": ("verify", "updates.run", "--in-doubt-only", *QUOTA),
}
TO_FIRST_CALL = ("run", "verify")  # what comes after that goes at the quota's pace


class Figures(NamedTuple):
    """What a command took until its end or its first call: seconds, and peak MB."""

    wall: float
    cpu: float
    peak: float


def update(number: int) -> dict[str, Any]:
    return {
        "DomainName": f"acme-{number % DOMAINS}",
        "EventTriggerName": f"cart-abandoned-{number}",
        "SegmentFilter": f"round-{number // DOMAINS}",
        "EventTriggerLimits": {
            "EventExpiration": 600000,
            "Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}],
        },
    }


def result(number: int) -> Result:
    status: Status = "succeeded"
    if not number % 100:
        status = "failed" if number % 100_000 else "in_doubt"
    request, accepted = update(number), status == "succeeded"
    return Result(
        id=f"row-{number}",
        line=number + 1,
        target="default",
        domain=request["DomainName"],
        trigger=request["EventTriggerName"],
        status=status,
        attempts=1,
        error=None if accepted else LOST if status == "in_doubt" else REFUSED,
        request_id="7a2f2b7e-1f6e-4a55-8e0e-1d2b3c4d5e6f",
        started_at=BEGAN,
        finished_at=ENDED,
        digest=f"{number:064x}" if accepted else msgspec.UNSET,
    )


def write_input(path: Path, lines: int) -> None:
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for number in range(lines):
            file.write(encode({"id": f"row-{number}", **update(number)}) + b"\n")


async def write_run(content: Path, lines: int) -> None:
    """The run directory as a session that was killed at 99 % leaves it."""
    size, sha256 = file_checksum(content)
    fingerprint = InputFingerprint(path=str(content), size=size, sha256=sha256, updates=lines)
    manifest = RunManifest(
        run="benchmark",
        input=fingerprint,
        settings=Settings().as_json(),
        targets={},
        versions={},
        started_at=BEGAN,
    )
    with RunDirectory(content.with_suffix(".run")) as directory:
        directory.claim(manifest)
        async with (
            Journal[Result](directory.results, ChainTip()) as results,
            Journal[dict[str, Any]](directory.before, ChainTip()) as images,
        ):
            for number in range(int(lines * DONE)):
                image = images.add(
                    {
                        "id": f"row-{number}",
                        "target": "default",
                        **update(number),
                        "SegmentFilter": "before",
                    }
                )
                results.add(msgspec.structs.replace(result(number), image=line_digest(image)))
                if not number % FLUSHED:
                    await images.flush()
                    await results.flush()
            await images.flush()
            await results.flush()
            assert results.head is not None
            assert images.head is not None
            directory.write_heads(Heads(results=results.head, before=images.head))
        write_failed(RunReader(directory.path, line_reader(Settings(), any_target=True)))


def prepare(folder: Path, lines: int) -> None:
    content = folder / "updates.jsonl"
    write_input(content, lines)
    asyncio.run(write_run(content, lines))


def start(folder: Path, command: str, url: str) -> "subprocess.Popen[bytes]":
    arguments = COMMANDS[command]
    if command != "validate":
        arguments = (*arguments, "--endpoint-url", url)
    return subprocess.Popen(
        [sys.executable, "-m", "batcher", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": HERE},
        stdout=subprocess.DEVNULL,
        stderr=(folder / f"{command}.txt").open("wb"),
    )


def so_far(process: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """CPU seconds and peak MB of a process that goes on."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{process.pid}/status").read_text()
    ticks = int(fields[11]) + int(fields[12])
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return ticks / os.sysconf("SC_CLK_TCK"), peak


def at_end(process: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """CPU seconds and peak MB of a process, which is waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1), process.args  # 1: of verify, as the run is not finished
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


async def measure(folder: Path, command: str) -> Figures:
    manifest = folder / "updates.run" / "run.json"
    known = manifest.read_bytes()
    async with emulator(triggers=1) as url:
        began = time.monotonic()
        process = start(folder, command, url)
        if command in TO_FIRST_CALL:
            first = await first_call(url, process)
            cpu, peak = so_far(process)
            process.kill()
            process.wait()
        else:
            cpu, peak = await asyncio.to_thread(at_end, process)
            first = time.monotonic()
    manifest.write_bytes(known)  # else the run would belong to that emulator
    return Figures(first - began, cpu, peak)


async def first_call(url: str, process: "subprocess.Popen[bytes]") -> float:
    """Wait for the first call of a process; returns when that was noticed, monotonic."""
    async with aiohttp.ClientSession() as http:
        while process.poll() is None:
            async with http.get(f"{url}/_emulator/counts") as answer:
                if any(name.endswith("EventTrigger") for name in await answer.json()):
                    return time.monotonic()
            await asyncio.sleep(0.05)
    raise AssertionError(f"{process.args!r} ended without a call")


async def measured(folder: Path, commands: list[str], lines: int) -> None:
    for command in commands:
        figures = await measure(folder, command)
        until = " to its first call" if command in TO_FIRST_CALL else ""
        print(
            f"{command}{until}: {figures.wall:.1f} s, CPU {figures.cpu:.1f} s"
            f" ({lines / figures.cpu:,.0f} lines a second), peak {figures.peak:.0f} MB"
            f" ({(figures.peak - 200) * 1024 * 1024 / lines:.1f} bytes a line over 200 MB)",
            flush=True,
        )


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # in a process of its own: a command's peak is at least what its parent, this one, holds
        prepared = multiprocessing.get_context("spawn").Process(
            target=prepare, args=(folder, lines)
        )
        prepared.start()
        prepared.join()
        asyncio.run(measured(folder, sys.argv[2:] or list(COMMANDS), lines))


if __name__ == "__main__":
    main()
