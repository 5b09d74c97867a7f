"""How soon a run stops, or pauses, by itself, and how many updates it has touched by then.

From the first bad answer, or, where nothing is sent, from the start of the command. With
``--against TREE`` the CPU of update_many in another checkout is measured beside that of this one.
"""

import argparse
import asyncio
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.common import accepted, emulator, seed, update

UPDATES, RATE = 600, 40
CPU_UPDATES, CPU_ROUNDS = 1500, 7
CLEARED = "omitted_members.learned"
STOPS = ("breaker.opened", "target.stopped", "update.restored")


async def set_faults(url: str, faults: dict[str, float]) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.put(f"{url}/_emulator/faults", json=faults) as answer,
    ):
        answer.raise_for_status()


async def run(folder: Path, url: str, *flags: str) -> asyncio.subprocess.Process:
    lines = "".join(json.dumps(update(number, UPDATES)) + "\n" for number in range(UPDATES))
    (folder / "updates.jsonl").write_text(lines)
    command = ("run", "updates.jsonl", "--endpoint-url", url, "--yes", "--json", "--no-progress")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "batcher", *command, "--rate", str(RATE), "--max-failures", "none", *flags),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "XDG_STATE_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def events(folder: Path) -> list[dict[str, Any]]:
    log = folder / "updates.run" / "log.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()]


def at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["timestamp"]).timestamp()


def told(name: str, folder: Path, out: bytes, code: int | None, bad: set[str]) -> None:
    """Print how long it took from the first bad answer to the stop, and what it had touched."""
    found = events(folder)
    wrong = [each for each in found if {each.get("verdict"), each.get("code")} & bad]
    wrong = [each for each in found if each["event"] == CLEARED] or wrong
    stop = next(each for each in found if each["event"] in STOPS and at(each) >= at(wrong[0]))
    touched = {each["id"] for each in wrong if at(each) <= at(stop)}
    late = {each["id"] for each in wrong} - touched
    summary = json.loads(out)
    counts = {
        status: summary[status]
        for status in ("succeeded", "failed", "in_doubt", "differs", "not_started")
        if summary[status]
    }
    print(
        f"{name}: {stop['event']} {at(stop) - at(wrong[0]):.2f} s after the first bad answer,"
        f" {len(touched)} updates touched by then, {len(late)} more in flight or by probes;"
        f" exit {code} after {summary['wall_seconds']:.0f} s: {counts}"
    )


async def fault_in_mid_run(name: str, fault: str, seconds: float, bad: set[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        async with emulator("--latency", "20-50", triggers=UPDATES) as url:
            process = await run(folder, url)
            while await accepted(url) < UPDATES / 4:
                await asyncio.sleep(0.1)
            await set_faults(url, {fault: 1.0})
            await asyncio.sleep(seconds)
            await set_faults(url, {})
            out, _ = await process.communicate()
        told(name, folder, out, process.returncode, bad)


async def omitted_members_cleared(*flags: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        async with emulator("--latency", "20-50", "--clear-omitted", triggers=0) as url:
            await seed(url, UPDATES, Description="before")
            process = await run(folder, url, *flags)
            out, _ = await process.communicate()
        name = " ".join(("omitted members cleared", *flags))
        told(name, folder, out, process.returncode, {"MoreThanAsked"})


async def wave_whose_check_fails(*flags: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, check = Path(place), "sh -c 'test $BATCHER_WAVE -lt 3'"
        async with emulator("--latency", "20-50", triggers=UPDATES) as url:
            process = await run(folder, url, "--waves", "1,10,10%,rest", "--check", check, *flags)
            out, _ = await process.communicate()
            ended, sent = time.time(), await accepted(url)
        failed = next(e for e in events(folder) if e["event"] == "run.checked" and e["code"] == 1)
        touched = json.loads(out)["succeeded"]
        print(
            f"{' '.join(('a wave whose check fails', *flags))}: exit {process.returncode}"
            f" {ended - at(failed):.2f} s after the check, {touched} of {UPDATES} updates touched,"
            f" {sent - touched} requests after it"
        )


@asynccontextmanager
async def untrusted_server(folder: Path) -> AsyncIterator[str]:
    """A server with a certificate of its own making."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    make = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    about = ("-subj", "/CN=unknown", "-addext", "subjectAltName=IP:127.0.0.1")
    maker = await asyncio.create_subprocess_exec(
        *(*make, *about, "-keyout", str(key), "-out", str(certificate)), stderr=subprocess.DEVNULL
    )
    assert await maker.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context
    )
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def wrong_certificate() -> None:
    with tempfile.TemporaryDirectory() as place:
        async with untrusted_server(Path(place)) as url:
            began = time.monotonic()
            process = await run(Path(place), url)
            await process.communicate()
        print(
            f"a wrong certificate: exit {process.returncode} {time.monotonic() - began:.2f} s after"
            " the start of the command, no update touched"
        )


async def cost(against: Path) -> None:
    """CPU of this tree and of another, in turns on one emulator."""
    script, figures = (
        Path(__file__).parent / "tools" / "library_cpu.py",
        {Path.cwd(): [], against: []},
    )
    async with emulator("--latency", "0") as url:
        for _ in range(CPU_ROUNDS):
            for tree, seconds in figures.items():
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, str(script), url, str(CPU_UPDATES), "2"),
                    env={**os.environ, "PYTHONPATH": str(tree)},
                    stdout=subprocess.PIPE,
                )
                out, _ = await process.communicate()
                seconds.append(float(out.split()[-1]))  # the first one loads and connects
    here, there = figures.values()
    ratios = [mine / other for mine, other in zip(here, there, strict=True)]
    print(
        f"CPU an update: {statistics.median(here) * 1e6:.0f} µs with the guard,"
        f" {statistics.median(there) * 1e6:.0f} µs in {against}: median of"
        f" {len(ratios)} pairs {statistics.median(ratios):.3f}, least {min(here) / min(there):.3f}"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=90, help="how long faults last")
    parser.add_argument("--against", type=Path, help="a checkout to measure the CPU of, too")
    chosen = parser.parse_args()
    await omitted_members_cleared()
    await omitted_members_cleared("--whole", "never")
    name = f"5xx on everything for {chosen.seconds:.0f} s"
    await fault_in_mid_run(name, "internal", chosen.seconds, {"transient"})
    await wrong_certificate()
    await fault_in_mid_run(
        "credentials that end", "expired-token", min(chosen.seconds, 10), {"credentials"}
    )
    await wave_whose_check_fails()
    await wave_whose_check_fails("--rollback-on-failure")
    if chosen.against is not None:
        await cost(chosen.against.resolve())


asyncio.run(main())
