"""How much longer `batcher` takes than ``python -c pass`` to tell its version, or help of anything.

In CPU time, in pairs side by side, as other work on the machine would tell in any other.
"""

import os
import statistics
import subprocess
import sys

from batcher.cli.command_list import COMMANDS

ROUNDS = 9
CALLS = (("--version",), ("--help",), *((name, "--help") for name in COMMANDS))


def milliseconds(*command: str) -> float:
    """CPU time of a process, system time included."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return (usage.ru_utime + usage.ru_stime) * 1000


for command in CALLS:
    pairs = [
        (
            milliseconds(sys.executable, "-m", "batcher", *command),
            milliseconds(sys.executable, "-c", "pass"),
        )
        for _ in range(ROUNDS)
    ]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    over = statistics.median(a - b for a, b in pairs)
    print(
        f"batcher {' '.join(command)}: {ours:.0f} ms, python -c pass {bare:.0f} ms:"
        f" {over:.0f} ms over it"
    )
