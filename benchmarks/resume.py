"""A resume of 1,000,000 lines, 99 % done: time and memory until its first call and update."""

import asyncio
import hashlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from batcher.config import Settings
from batcher.records import Result
from batcher.storage.hash_chain import ChainTip, line_digest
from batcher.storage.run_journals import Heads
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from benchmarks.common import calls, emulator, update

LINES, DONE, ROUNDS = 1_000_000, 0.99, 3


def prepare(folder: Path) -> None:
    """The input, and the run directory as a session that was killed at 99 % would have left it."""
    encode = msgspec.json.Encoder().encode
    with (folder / "updates.jsonl").open("wb") as file:
        for number in range(LINES):
            file.write(encode(update(number)) + b"\n")
    content = folder / "updates.jsonl"
    with content.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    run = folder / "updates.run"
    run.mkdir()
    manifest = RunManifest(
        run="benchmark",
        input=InputFingerprint(
            path=str(content), size=content.stat().st_size, sha256=sha256, updates=LINES
        ),
        settings=Settings().as_json(),
        targets={},
        versions={},
        started_at="2026-01-01T00:00:00.000Z",
    )
    ended, kept = ChainTip(), ChainTip()
    with (run / "results.jsonl").open("wb") as results, (run / "before.jsonl").open("wb") as before:
        for number in range(int(LINES * DONE)):
            request = update(number)
            result = Result(
                id=str(number + 1),
                line=number + 1,
                target="default",
                domain="acme",
                trigger=request["EventTriggerName"],
                status="succeeded",
                attempts=1,
                request_id="7a2f2b7e-1f6e-4a55-8e0e-1d2b3c4d5e6f",
                started_at="2026-01-01T00:00:00.000Z",
                finished_at="2026-01-01T00:00:00.100Z",
                digest="0" * 64,
            )
            image = encode({"id": result.id, "target": "default", **request})
            result = msgspec.structs.replace(result, image=line_digest(image))
            for file, tip, line in ((results, ended, encode(result)), (before, kept, image)):
                sealed = tip.seal(line)
                tip.extend(sealed)
                file.write(sealed)
    heads = Heads(results=ended.head(), before=kept.head())
    (run / "run.json").write_bytes(encode(msgspec.structs.replace(manifest, heads=heads)))


async def resume(folder: Path) -> tuple[float, float, float]:
    """Seconds to the first call of any kind and to the first update, and peak MB by then.

    Against an emulator of its own, and ended by SIGKILL, so that the next round finds it as it was
    but for some lines.
    """
    manifest = folder / "updates.run" / "run.json"
    known = manifest.read_bytes()
    async with emulator() as url:
        flags = (
            "--endpoint-url",
            url,
            "--rate",
            "100",
            "--read-rate",
            "100",
            "--yes",
            "--no-progress",
            "--no-remember",
        )
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "batcher",
            "run",
            "updates.jsonl",
            *flags,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            stderr=asyncio.subprocess.DEVNULL,
        )
        while not (updates := await calls(url)) and process.returncode is None:
            await asyncio.sleep(0.1)
        peak = (
            int(Path(f"/proc/{process.pid}/status").read_text().split("VmHWM:")[1].split()[0])
            / 1024
        )
        process.kill()
        await process.wait()
        looks = await calls(url, "GetEventTrigger")
    manifest.write_bytes(known)  # else the run would belong to that emulator
    return looks[0][0] - began, updates[0][0] - began, peak


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        rounds = [await resume(folder) for _ in range(ROUNDS)]
    for figures in [*rounds, tuple(map(statistics.median, zip(*rounds, strict=True)))]:
        print("first call after {:.1f} s, first update after {:.1f} s, {:.0f} MB".format(*figures))
    print("(the last line is the median of each)")


if __name__ == "__main__":
    asyncio.run(main())
