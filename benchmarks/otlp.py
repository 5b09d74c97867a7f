"""CPU and wall seconds an update of ``batcher run``, with ``--otlp`` and without, in turns."""

import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from pathlib import Path

from aiohttp import web

from benchmarks.common import emulator, update

ROUNDS, UPDATES = 5, 3000
COLUMNS = ("`--otlp`", "CPU an update", "wall an update", "spans taken")


class Taken:
    """A collector that counts the bytes of what it takes."""

    def __init__(self) -> None:
        self.bytes = 0

    async def take(self, request: web.Request) -> web.Response:
        self.bytes += len(await request.read())
        return web.Response()


async def run(folder: Path, url: str, *more: str) -> tuple[float, float, bool]:
    """CPU and wall seconds an update of one run in a process of its own; whether all was sent."""
    out = tempfile.mkdtemp(dir=folder)
    words = ("run", str(folder / "u.jsonl"), "--out", out, "--yes", "--no-before", "--no-progress")
    pace = ("--rate", "1e6", "--burst", "1e5", "--concurrency", "16", "--endpoint-url", url)
    environ = {**os.environ, "XDG_STATE_HOME": out}
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "batcher", *words, *pace, *more, env=environ, stderr=PIPE
    )
    _, said = await process.communicate()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 0, said.decode()
    cpu = spent.ru_utime + spent.ru_stime - before.ru_utime - before.ru_stime
    whole = b"OpenTelemetry" not in said
    return cpu / UPDATES, (time.monotonic() - began) / UPDATES, whole


async def main() -> None:
    taken = Taken()
    application = web.Application(client_max_size=2**26)
    application.router.add_post("/{path:.*}", taken.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector = "http://{}:{}".format(*runner.addresses[0][:2])
    sampled = {
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.01",
    }
    ways = {
        "no": ((), {}),
        "1 in 100": (("--otlp", collector), sampled),
        "yes": (("--otlp", collector), {}),
    }
    found: dict[str, list[tuple[float, float, bool]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lines = [json.dumps(update(number)) for number in range(UPDATES)]
        (folder / "u.jsonl").write_text("\n".join(lines))
        async with emulator(triggers=UPDATES) as url:
            for _ in range(ROUNDS + 1):  # the first is for the caches
                for way, (flags, variables) in ways.items():
                    os.environ.update(variables)
                    found[way].append(await run(folder, url, *flags))
                    for name in variables:
                        del os.environ[name]
    await runner.cleanup()
    print("| " + " | ".join(COLUMNS) + " |\n|---|---|---|---|")
    for way, rounds in found.items():
        cpu, wall = (statistics.median(each[n] for each in rounds[1:]) * 1e6 for n in (0, 1))
        whole = "all" if all(each[2] for each in rounds[1:]) else "not all"
        print(f"| {way} | {cpu:.0f} µs | {wall:.0f} µs | {'' if way == 'no' else whole} |")
    print(f"{taken.bytes / 1e6:.1f} MB taken in all", file=sys.stderr)


asyncio.run(main())
