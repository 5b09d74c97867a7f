"""Peak memory of ``validate`` and ``run`` at 1,000 and at 200,000 lines."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import emulator, update

SMALL = 1_000
LARGE = int(os.environ.get("LINES", 200_000))


# A process inherits the peak of the one it was forked from, so a small one stands in between.
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
assert code == 0, (code, sys.argv)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(folder: Path, *arguments: str) -> float:
    """Peak resident memory of a command, MB."""
    command = [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "batcher", *arguments]
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    said = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True).stdout
    return int(said) / 1024


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for lines in (SMALL, LARGE):
            text = "".join(json.dumps(update(number)) + "\n" for number in range(lines))
            (folder / f"{lines}.jsonl").write_text(text)
        async with emulator() as url:
            flags = (
                "--endpoint-url",
                url,
                "--rate",
                "100000",
                "--burst",
                "1000",
                "--yes",
                "--no-progress",
                "--log-level",
                "error",
            )
            for command, more in (("validate", ()), ("run", flags)):
                small, large = [await asyncio.to_thread(peak, folder, command, f"{n}.jsonl", *more) for n in (SMALL, LARGE)]
                print(
                    f"{command}: {small:.0f} MB at {SMALL:,} lines, {large:.0f} MB at {LARGE:,}: {large - small:.0f} MB apart",
                    flush=True,
                )


asyncio.run(main())
