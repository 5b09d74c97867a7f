"""What the report on a run costs: time, memory and size, for 10,000 and 1,000,000 results.

The runs are made up in a temporary directory: one update in a hundred has failed, for one of five
reasons, and each trigger has its before image.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from batcher.accounting.tally import Tally, summarize
from batcher.accounting.time_breakdown import LaneSession
from batcher.config import Settings
from batcher.records import Error, Result, Seconds
from batcher.storage.hash_chain import ChainTip, Head, line_digest
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_journals import NO_LINES
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from batcher.storage.timeline_file import TimelineSample

SIZES = (10_000, 1_000_000)
RATE = 50.0  # updates per second of the run that is made up
FORMATS = ("html", "json", "markdown", "junit")
CODES = ("ResourceNotFoundException", "BadRequestException", "InternalServerException")

MEASURED = """
import resource, sys, time
from pathlib import Path
from batcher.jobs.report_writing import write_report
began = time.perf_counter()
write_report(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
found = resource.getrusage(resource.RUSAGE_SELF)
print(time.perf_counter() - began, found.ru_utime + found.ru_stime, found.ru_maxrss / 1024)
"""


def moment(second: float) -> str:
    at = time.gmtime(1_767_225_600 + int(second))
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', at)}.{int(second % 1 * 1000):03}Z"


def names(number: int) -> dict[str, str]:
    return {"DomainName": f"domain-{number % 3}", "EventTriggerName": f"trigger-{number:07}"}


def update(number: int) -> dict[str, Any]:
    return {**names(number), "SegmentFilter": "vip", "Description": f"after {number}"}


def result(number: int, chance: random.Random, image: str) -> Result:
    end, calling = number / RATE, chance.lognormvariate(-3, 0.5)
    failed = number % 100 == 0
    error = Error(code=chance.choice(CODES), message="[withheld: 40 characters]", http_status=400)
    named = names(number - 1)
    return Result(
        id=str(number),
        line=number,
        target="default",
        domain=named["DomainName"],
        trigger=named["EventTriggerName"],
        status="failed" if failed else "succeeded",
        attempts=1,
        throttles=int(number % 500 == 0),
        error=error if failed else None,
        request_id=f"{chance.getrandbits(128):032x}",
        started_at=moment(end),
        finished_at=moment(end + calling + 0.4),
        seconds=Seconds(queued=0.1, token=0.3, calling=round(calling, 3)),
        image=image,
    )


def journal(path: Path, count: int, make: Callable[[int], bytes]) -> Head:
    """Write a chained journal, a line a number; returns its head."""
    tip = ChainTip()
    with path.open("wb") as file:
        for number in range(1, count + 1):
            line = tip.seal(make(number))
            tip.extend(line)
            file.write(line)
    return tip.head()


def make_run(folder: Path, count: int) -> Path:
    """A run directory of so many updates, all of which have their result."""
    chance, encode, tally = random.Random(1), msgspec.json.Encoder().encode, Tally()
    source, digest = folder / f"updates-{count}.jsonl", sha256()
    with source.open("wb") as file:
        for number in range(count):
            line = encode(update(number)) + b"\n"
            digest.update(line)
            file.write(line)
    directory = RunDirectory(folder / f"updates-{count}.run")
    with directory:
        facts = RunManifest(
            run="benchmark",
            input=InputFingerprint(
                path=str(source),
                size=source.stat().st_size,
                sha256=digest.hexdigest(),
                updates=count,
            ),
            settings=Settings().as_json(),
            targets={},
            versions={"python": "3", "batcher": "0"},
            started_at=moment(0),
            heads=NO_LINES,
        )
        directory.claim(facts)
        images: dict[int, str] = {}

        def image(number: int) -> bytes:
            line: bytes = encode(
                {"id": str(number), "target": "default", **names(number - 1), "SegmentFilter": "a"}
            )
            images[number] = line_digest(line)
            return line

        def record(number: int) -> bytes:
            found = result(number, chance, images[number])
            tally.add(found)
            return encode(found)

        before = journal(directory.before, count, image)
        results = journal(directory.results, count, record)
        seconds = int(count / RATE)
        every = max(2, seconds // 5000)
        with directory.timeline.open("wb") as file:
            for second in range(every, seconds, every):
                sample = TimelineSample(
                    at=moment(second),
                    target="default",
                    seconds=every,
                    answered=int(every * RATE),
                    quota=RATE,
                )
                file.write(encode(sample) + b"\n")
        summary = summarize(
            {"default": tally},
            {"default": count},
            {"default": LaneSession()},
            wall_seconds=count / RATE,
            stopped=None,
        )
        directory.write_summary(summary)
        heads = msgspec.structs.replace(NO_LINES, results=results, before=before)
        directory.write_heads(heads)
    return directory.path


def measure(run: Path, kind: str, out: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak of memory in MiB of a process that makes one report."""
    command = [sys.executable, "-c", MEASURED, str(run), kind, str(out)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, cpu, memory = map(float, found.split())
    return seconds, cpu, memory


def main() -> None:
    print("| results | format | seconds | CPU seconds | memory | size |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in SIZES:
            run = make_run(folder, count)
            for kind in FORMATS:
                out = folder / f"{count}.{kind}"
                seconds, cpu, memory = measure(run, kind, out)
                size = out.stat().st_size / 1e6
                took = f"{seconds:.1f} | {cpu:.1f}"
                print(f"| {count:,} | {kind} | {took} | {memory:.0f} MiB | {size:.2f} MB |")


if __name__ == "__main__":
    main()
