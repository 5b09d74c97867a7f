"""What progress costs: seconds of one core for each second of a run of so many targets.

Reads where the run stands and draws it for a terminal, as often as a run does.
"""

import asyncio
import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from batcher.cli.output.progress import COST, EVERY_LIVE, block_text
from batcher.config import resolve
from batcher.emulator import Emulator
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_progress import ProgressMeter

UPDATES = 20  # of each target
ROUNDS = 50


async def cost(targets: int) -> float:
    """Seconds that one look and its drawing take, while the run is at work."""
    names = [f"t{n}" for n in range(targets)]
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(f"e{n}") for n in range(UPDATES)])
    async with emulator as url:
        place = {"endpoint_url": url, "region": "eu-west-1", "rate": 0.1}
        settings = resolve(
            {"targets": dict.fromkeys(names, place), "target": "t0", "remember": False}
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "updates.jsonl"
            file.write_bytes(b"".join(lines(names)))
            with open_run(str(file), Path(folder) / "u.run", settings) as opened:
                checked = await opened.check()
                assert isinstance(checked, CheckedRun)
                async with checked.connect() as ready:
                    run = await ready.approve()
                    assert isinstance(run, ApprovedRun)
                    return await at_work(run)


def trigger(name: str) -> dict[str, Any]:
    total = {"FieldName": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
    dimension = {"ObjectAttributes": [total]}
    conditions = [{"EventTriggerDimensions": [dimension], "LogicalOperator": "ALL"}]
    return {
        "DomainName": "acme",
        "EventTriggerName": name,
        "ObjectTypeName": "Orders",
        "EventTriggerConditions": conditions,
    }


def lines(names: list[str]) -> list[bytes]:
    return [
        msgspec.json.encode(
            {
                "target": name,
                "DomainName": "acme",
                "EventTriggerName": f"e{n}",
                "SegmentFilter": "x",
            }
        )
        + b"\n"
        for name in names
        for n in range(UPDATES)
    ]


async def at_work(run: ApprovedRun) -> float:
    executing = asyncio.create_task(run.execute())
    while len(run.lanes) < len(run.connection.targets):
        await asyncio.sleep(0.1)
    meter = ProgressMeter(run, run.order.clock.now())
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True)
    began = time.process_time()
    for round_ in range(ROUNDS):
        console.print(block_text(meter.read(run.order.clock.now() + round_ * EVERY_LIVE), console))
    taken = (time.process_time() - began) / ROUNDS
    run.drain()
    run.abort()
    await executing
    return taken


def main() -> None:
    os.environ.update(AWS_ACCESS_KEY_ID="k", AWS_SECRET_ACCESS_KEY="s", AWS_REGION="eu-west-1")
    for targets in map(int, sys.argv[1:] or ["1", "10", "200", "1000"]):
        seconds = asyncio.run(cost(targets))
        every = max(EVERY_LIVE, COST * seconds)
        print(
            f"{targets:5} targets: {1000 * seconds:6.2f} ms a drawing, every {every:.2f} s:"
            f" {100 * seconds / every:.2f} % of a core"
        )


if __name__ == "__main__":
    main()
