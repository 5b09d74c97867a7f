"""Peak memory of ``validate`` and ``run`` at 1,000 and at 200,000 lines.

Of ``run`` also for two targets of unlike speed.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.common import accepted, emulator, update

SMALL = 1_000
LARGE = int(os.environ.get("LINES", 200_000))
QUIET = ("--yes", "--no-progress", "--log-level", "error")
DRAINED = 4  # exit code


async def peak(folder: Path, *arguments: str, until: Awaitable[None] | None = None) -> float:
    """Peak resident memory of a command, MB, at its end or ``until`` then."""
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-m", "batcher", *arguments]
    # not asyncio's, which would reap it before its memory is known
    process = subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 # returns at once
    if until is not None:
        await until
        process.terminate()
    _, status, usage = await asyncio.to_thread(os.wait4, process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == (0 if until is None else DRAINED), arguments
    return usage.ru_maxrss / 1024


async def sorted_by_target(folder: Path, lines: int) -> float:
    """Peak memory of a run at the moment when the fast one of its two targets is done.

    Nine tenths of the input are for a target at 2/s, then comes one tenth for the fast one.
    """
    async with emulator() as slow, emulator() as fast:
        names = ["slow"] * (lines * 9 // 10) + ["fast"] * (lines // 10)
        write(
            folder / f"sorted-{lines}.jsonl",
            (update(number) | {"target": name} for number, name in enumerate(names)),
        )
        tables = (
            f'[targets.{name}]\nendpoint_url = "{url}"\nrate = {rate}\n'
            for name, url, rate in (("slow", slow, 2), ("fast", fast, 100000))
        )
        (folder / "targets.toml").write_text("".join(tables))
        command = ("run", f"sorted-{lines}.jsonl", "--config", "targets.toml", *QUIET)
        return await peak(folder, *command, until=done(fast, lines // 10))


def write(path: Path, updates: Iterable[dict[str, Any]]) -> None:
    """Write line by line: a command's peak is at least what its parent, this process, holds."""
    with path.open("w") as file:
        file.writelines(json.dumps(each) + "\n" for each in updates)


async def done(url: str, updates: int) -> None:
    while await accepted(url) < updates:
        await asyncio.sleep(0.5)


def tell(what: str, small: float, large: float) -> None:
    print(
        f"{what}: {small:.0f} MB at {SMALL:,} lines, {large:.0f} MB at {LARGE:,}:"
        f" {large - small:.0f} MB apart"
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for lines in (SMALL, LARGE):
            write(folder / f"{lines}.jsonl", (update(number) for number in range(lines)))
        async with emulator() as url:
            flags = ("--endpoint-url", url, "--rate", "100000", "--burst", "1000", *QUIET)
            for command, more in (("validate", ()), ("run", flags)):
                tell(
                    command,
                    *[await peak(folder, command, f"{n}.jsonl", *more) for n in (SMALL, LARGE)],
                )
        tell(
            "run, a slow target before a fast one",
            *[await sorted_by_target(folder, n) for n in (SMALL, LARGE)],
        )


asyncio.run(main())
