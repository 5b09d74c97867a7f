"""Memory, CPU and time of the commands that read a whole file or run, at 1,000,000 lines or more.

``python -m benchmarks.many_lines [LINES[/TARGETS] [COMMAND …]]``. The input names ids, domains and
triggers of its own on every line, and targets in turns where they are several; of its run 99 % are
done, one in a hundred of that failed, every 100,000th in doubt. An export has each trigger of the
input as it was. Files go where TMPDIR says: 10,000,000 lines take 13 GB, and with the export 18.
"""

import asyncio
import hashlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec

from batcher.config import Settings, resolve
from batcher.jobs.failed_lines import write_failed
from batcher.jobs.run_reader import RunReader
from batcher.records import Error, Result, Status
from batcher.sources.checksum import file_checksum
from batcher.storage.hash_chain import ChainTip
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
    "plan": ("plan", "updates.jsonl", *QUOTA[:-1]),
    "run": ("run", "updates.jsonl", "--yes", *QUOTA),
    "retry": ("retry", "updates.run", "--dry-run", "--yes", *QUOTA),
    "rollback": ("rollback", "updates.run", "--dry-run", "--yes", *QUOTA),
    "verify": ("verify", "updates.run", *QUOTA),
    "report": ("report", "updates.run"),
    "verify-in-doubt": ("verify", "updates.run", "--in-doubt-only", *QUOTA),
    "drift": ("drift", "updates.run", "--no-new", *QUOTA),
    "history": ("history",),
    "lint": ("lint", "updates.jsonl"),
    "enqueue": ("enqueue", "updates.jsonl", "--queue", "spool:spool"),
    "compose": (
        "compose",
        "updates.jsonl",
        "--set",
        "SegmentFilter=vip",
        "--out",
        "composed.jsonl",
    ),
    "lint-current": ("lint", "updates.jsonl", "--current", "export.jsonl"),
    "compose-current": (
        *("compose", "updates.jsonl", "--current", "export.jsonl"),
        *("--out", "changed.jsonl"),
    ),
    "drift-export": ("drift", "export.jsonl", "--no-new", *QUOTA),
    "rehearse": ("rehearse", "updates.jsonl", "--current", "export.jsonl", "--quota", "100"),
}
# what comes after that goes at the quota's pace
TO_FIRST_CALL = ("plan", "run", "verify", "drift", "drift-export")
WITHOUT_TARGETS = ("report", "history", "enqueue")
OFFLINE = (*WITHOUT_TARGETS, "validate", "lint", "compose", "lint-current", "compose-current")
WITHOUT_RUN = ("validate", "plan", "lint", "enqueue", "compose", "rehearse")
BY_DEFAULT = [each for each in COMMANDS if each != "rehearse"]  # of a million that takes hours
BESIDE_EXPORT = ("lint-current", "compose-current", "drift-export", "rehearse")


class Figures(NamedTuple):
    """What a command took until its end or its first call: seconds, and peak MB."""

    wall: float
    cpu: float
    peak: float


MEMBERS = (
    b'"DomainName":"acme-%d","EventTriggerName":"cart-abandoned-%d","SegmentFilter":"%s",'
    b'"EventTriggerLimits":{"EventExpiration":600000,"Periods":[{"Unit":"DAYS","Value":1,'
    b'"MaxInvocationsPerProfile":3}]}}'
)
LINE = b'{"id":"row-%d","target":"%s",' + MEMBERS
WHOLE = (
    b'{"target":"%s","ObjectTypeName":"Orders","EventTriggerConditions":[{"EventTriggerDimensions":'
    b'[{"ObjectAttributes":[{"FieldName":"Total","ComparisonOperator":"GREATER_THAN","Values":'
    b'["%d"]}]}],"LogicalOperator":"ALL"}],' + MEMBERS
)


def result(status: Status, error: Error | None) -> bytes:
    """A result with gaps: id, line, target, domain, trigger, digest if any, that of its image."""
    sample = Result(
        id="row-%d",
        line=0,
        target="%s",
        domain="acme-%d",
        trigger="cart-abandoned-%d",
        status=status,
        attempts=1,
        error=error,
        request_id="7a2f2b7e-1f6e-4a55-8e0e-1d2b3c4d5e6f",
        started_at=BEGAN,
        finished_at=ENDED,
        digest="%064x" if error is None else msgspec.UNSET,
        image="%s",
    )
    return msgspec.json.encode(sample).replace(b'"line":0', b'"line":%d')


ACCEPTED, FAILED = result("succeeded", None), result("failed", REFUSED)
IN_DOUBT = result("in_doubt", LOST)


def target(number: int, targets: int) -> bytes:
    return b"default" if targets == 1 else b"t%d" % (number % targets)


def write_input(path: Path, lines: int, targets: int) -> None:
    with path.open("wb") as file:
        for number in range(lines):
            names = number, target(number, targets), number % DOMAINS, number
            file.write(LINE % (*names, b"round-%d" % (number // DOMAINS)) + b"\n")


def write_export(path: Path, lines: int, targets: int) -> None:
    """Each trigger of the input as it was, with conditions of its own."""
    with path.open("wb") as file:
        for number in range(lines):
            names = target(number, targets), number, number % DOMAINS, number
            file.write(WHOLE % (*names, b"before") + b"\n")


def write_settings(path: Path, targets: int) -> Settings:
    """A table for each target, where they are several: an account of its own, and its role."""
    roles = [f"arn:aws:iam::{100_000_000_000 + number}:role/batcher" for number in range(targets)]
    tables = [f'[targets.t{number}]\nrole_arn = "{arn}"\n' for number, arn in enumerate(roles)]
    path.write_text("".join(tables) if targets > 1 else "")
    return resolve({"region": "eu-west-1"}, file=path)


async def write_run(content: Path, lines: int, targets: int, settings: Settings) -> None:
    """The run directory as a session that was killed at 99 % leaves it."""
    size, sha256 = file_checksum(content)
    fingerprint = InputFingerprint(path=str(content), size=size, sha256=sha256, updates=lines)
    manifest = RunManifest(
        run="benchmark",
        input=fingerprint,
        settings=settings.as_json(),
        targets={},
        versions={},
        started_at=BEGAN,
    )
    with RunDirectory(content.with_suffix(".run")) as directory:
        directory.claim(manifest)
        async with (
            Journal[msgspec.Raw](directory.results, ChainTip()) as results,
            Journal[msgspec.Raw](directory.before, ChainTip()) as images,
        ):
            for number in range(int(lines * DONE)):
                of, domain = target(number, targets), number % DOMAINS
                image = LINE % (number, of, domain, number, b"before")
                images.add(msgspec.Raw(image))
                digest = hashlib.sha256(image).hexdigest()[:32].encode()
                names = number, number + 1, of, domain, number
                record = ACCEPTED % (*names, number, digest)
                if not number % 100:
                    record = (FAILED if number % 100_000 else IN_DOUBT) % (*names, digest)
                results.add(msgspec.Raw(record))
                if not number % FLUSHED:
                    await images.flush()
                    await results.flush()
            await images.flush()
            await results.flush()
            assert results.head is not None
            assert images.head is not None
            directory.write_heads(Heads(results=results.head, before=images.head))
        write_failed(RunReader(directory.path, line_reader(settings, any_target=True)))


def prepare(folder: Path, commands: list[str], lines: int, targets: int = 1) -> None:
    """Write what those commands read."""
    content = folder / "updates.jsonl"
    write_input(content, lines, targets)
    settings = write_settings(folder / "batcher.toml", targets)
    if {*commands} & {*BESIDE_EXPORT}:
        write_export(folder / "export.jsonl", lines, targets)
    if {*commands} - {*WITHOUT_RUN, *BESIDE_EXPORT}:
        asyncio.run(write_run(content, lines, targets, settings))


def start(folder: Path, command: str, url: str) -> "subprocess.Popen[bytes]":
    arguments = COMMANDS[command]
    if command not in WITHOUT_TARGETS:
        arguments = (*arguments, "--config", "batcher.toml")
    if command not in (*OFFLINE, "rehearse"):
        arguments = (*arguments, "--endpoint-url", url)
    return subprocess.Popen(
        [sys.executable, "-m", "batcher", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": HERE, "AWS_ENDPOINT_URL": url},
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
    known = manifest.read_bytes() if manifest.exists() else None
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
    if known is not None:
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
    given, _, several = (sys.argv[1] if len(sys.argv) > 1 else str(LINES)).partition("/")
    lines, targets, commands = int(given), int(several or 1), sys.argv[2:] or BY_DEFAULT
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # in a process of its own: a command's peak is at least what its parent, this one, holds
        prepared = multiprocessing.get_context("spawn").Process(
            target=prepare, args=(folder, commands, lines, targets)
        )
        prepared.start()
        prepared.join()
        asyncio.run(measured(folder, commands, lines))


if __name__ == "__main__":
    main()
