"""One run over many accounts, each with a quota of one update a second: what that takes.

``python -m benchmarks.many_targets [--seconds S] [--auto] [--fast] [--no-before] [--remember]
[N ...]``: seconds until all targets were connected, memory for each that waits, the share of one
core, how much of its quota each used, and calls of STS. ``--fast``: updates go to a server that
knows no quotas and costs a tenth of the emulator.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.answering_server import answering_server
from benchmarks.common import emulator, update

RATE = 1.0
FIRST_ACCOUNT = 100_000_000_000
SETTLED = 5.0  # seconds after which the share of a core is measured, and before the end
LOOK_EVERY = 0.1


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a run took. ``used``: of each target's quota; ``tail``: seconds of its last call."""

    connected: float
    resident: float  # kB, in mid-run
    core: float
    used: list[float]
    throttled: int
    sts: int
    exit_code: int


async def measure(
    targets: int,
    seconds: int,
    flags: list[str],
    *,
    burst: float,
    auto: bool,
    fast: bool,
    remember: bool,
) -> Usage:
    """A run of ``targets`` with so many seconds of updates each."""
    bucket = f"UpdateEventTrigger={RATE}/{burst}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            served = emulator("--quota", bucket, "--latency", "20-50", triggers=seconds)
            sts = url = await stack.enter_async_context(served)
            if fast:
                url = await stack.enter_async_context(answering_server(seconds))
            write_inputs(folder, url, targets, seconds, auto=auto, remember=remember)
            watched = await run(folder, sts, flags)
            counts = await counted(sts)
        finished, throttled = books(folder / "out" / "results.jsonl")
    return Usage(**watched, used=used(finished), throttled=throttled, sts=counts)


def write_inputs(
    folder: Path, url: str, targets: int, seconds: int, *, auto: bool, remember: bool
) -> None:
    lines = [f'region = "eu-west-1"\nendpoint_url = "{url}"\n']
    lines += [] if remember else ["remember = false\n"]
    lines += [] if auto else [f"rate = {RATE}\nburst = 1\n"]
    for n in range(targets):
        arn = f"arn:aws:iam::{FIRST_ACCOUNT + n}:role/batcher"
        lines.append(f'[targets.t{n}]\nrole_arn = "{arn}"\n')
    (folder / "batcher.toml").write_text("".join(lines))
    with (folder / "updates.jsonl").open("w") as file:
        for second in range(seconds):
            for n in range(targets):
                line = update(second, seconds) | {"target": f"t{n}", "SegmentFilter": f"s{n}"}
                file.write(json.dumps(line) + "\n")


async def run(folder: Path, url: str, flags: list[str]) -> dict[str, Any]:
    environ = {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "PYTHONPATH": os.getcwd(),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "batcher", "run", "updates.jsonl", "--config", "batcher.toml"],
        *["--yes", "--out", "out", *flags],
        cwd=folder,
        env=environ,
        stderr=(folder / "stderr").open("wb"),
    )
    log = folder / "out" / "log.jsonl"
    ending = asyncio.create_task(process.wait())
    while not ending.done() and not (log.exists() and b"run.started" in log.read_bytes()):
        await asyncio.sleep(LOOK_EVERY)
    connected = time.monotonic() - began
    samples = []
    while not ending.done():
        try:
            samples.append((time.monotonic(), cpu_seconds(process.pid), resident(process.pid)))
        except (OSError, IndexError):
            break
        await asyncio.sleep(0.5)
    if await ending:
        sys.stderr.write((folder / "stderr").read_text()[-2000:])
    first, last = samples[0][0] + SETTLED, samples[-1][0] - SETTLED
    kept = [sample for sample in samples if first <= sample[0] <= last] or samples
    core = (kept[-1][1] - kept[0][1]) / max(0.1, kept[-1][0] - kept[0][0])
    return {
        "connected": connected,
        "resident": kept[len(kept) // 2][2],
        "core": core,
        "exit_code": ending.result(),
    }


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.split("VmRSS:")[1].split()[0])


async def counted(url: str) -> int:
    """How many roles were assumed."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/_emulator/counts") as answer:
        return int((await answer.json()).get("AssumeRole", {}).get("ok", 0))


def books(results: Path) -> tuple[dict[str, list[float]], int]:
    """When each target's updates were done, and how many requests were throttled."""
    finished, throttled = defaultdict[str, list[float]](list), 0
    for line in results.read_bytes().splitlines():
        result = json.loads(line)
        throttled += result["throttles"]
        if result["status"] == "succeeded":
            at = datetime.fromisoformat(result["finished_at"]).timestamp()
            finished[result["target"]].append(at)
    return finished, throttled


def used(finished: dict[str, list[float]]) -> list[float]:
    """Of each target's quota, from its first update to its last; an ideal client has 1."""
    return sorted((len(at) - 1) / RATE / (max(at) - min(at)) for at in finished.values())


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", type=int, nargs="*", default=[20, 200, 1000])
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--burst", type=float, default=1, help="of the quota")
    parser.add_argument("--auto", action="store_true", help="the quota is not known")
    parser.add_argument("--fast", action="store_true", help="no emulator, whose CPU may be short")
    parser.add_argument("--no-before", action="store_true", help="no trigger is looked at first")
    parser.add_argument("--remember", action="store_true", help="what is found out is written down")
    given = parser.parse_args()
    flags = ["--no-before"] if given.no_before else []
    alone: Usage | None = None
    for targets in dict.fromkeys((1, *given.targets)):
        found = await measure(
            targets,
            given.seconds,
            flags,
            burst=given.burst,
            auto=given.auto,
            fast=given.fast,
            remember=given.remember,
        )
        each = "-" if alone is None else f"{(found.resident - alone.resident) / (targets - 1):.0f}"
        alone = alone or found
        print(
            f"{targets:5} targets: connected in {found.connected:5.1f} s, {each:>4} kB each,"
            f" {found.core:6.1%} of a core, quota used: least {found.used[0]:.1%}, median"
            f" {statistics.median(found.used):.1%}, {found.throttled} throttled, {found.sts} roles"
            f" assumed, exit {found.exit_code}, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main())
