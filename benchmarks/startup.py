"""How much longer `batcher` takes than ``python -c pass``: for its version, for help, for a trifle.

The help of every command, a wrong flag, and commands that have next to nothing to do. In CPU time,
in pairs side by side, as other work on the machine would tell in any other.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from batcher.cli.command_list import COMMANDS

ROUNDS = 9
UPDATES = 10


def milliseconds(*command: str) -> float:
    """CPU time of a process, system time included."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 2), command
    return (usage.ru_utime + usage.ru_stime) * 1000


def calls(folder: Path) -> list[tuple[str, ...]]:
    file = folder / "updates.jsonl"
    lines = ({"DomainName": "acme", "EventTriggerName": f"t-{n}"} for n in range(UPDATES))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return [
        ("--version",),
        ("--help",),
        *((name, "--help") for name in COMMANDS),
        ("run", "--no-such"),
        ("validate", str(file)),
        ("history", "--in", str(folder)),
        ("schema",),
        ("explain", "BT001"),
    ]


with tempfile.TemporaryDirectory() as place:
    for call in calls(Path(place)):
        pairs = [
            (
                milliseconds(sys.executable, "-m", "batcher", *call),
                milliseconds(sys.executable, "-c", "pass"),
            )
            for _ in range(ROUNDS)
        ]
        ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
        over = statistics.median(a - b for a, b in pairs)
        said = " ".join(call).replace(f"{place}/", "").replace(place, ".")
        print(f"batcher {said}: {ours:.0f} ms, python -c pass {bare:.0f} ms: {over:.0f} ms over it")
