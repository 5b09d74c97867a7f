"""How much longer ``batcher --help`` takes than ``python -c pass``."""

import statistics
import subprocess
import sys
import time

ROUNDS = 15


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


pairs = [
    (seconds(sys.executable, "-m", "batcher", "--help"), seconds(sys.executable, "-c", "pass"))
    for _ in range(ROUNDS)
]
ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
print(f"batcher --help {ours * 1000:.0f} ms, python -c pass {bare * 1000:.0f} ms")
print(f"median difference {statistics.median(a - b for a, b in pairs) * 1000:.0f} ms")
