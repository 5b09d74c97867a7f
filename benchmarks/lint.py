"""How long ``batcher lint`` takes for 100,000 lines, and what lint adds to the check of a run.

The mix: one line in three sets a member, the others say all of a trigger, each with values of its
own, after definitions that public documents and tests show. No definition comes twice, so that
nothing is remembered of another line.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from batcher.config import Settings
from batcher.jobs.checked_file import check_file
from batcher.jobs.lint import LintCounter

LINES = 100_000
ROUNDS = 3
DOMAIN_OF = 50  # triggers


def attribute(operator: str, *values: str, **place: str) -> dict[str, Any]:
    return {**place, "ComparisonOperator": operator, "Values": list(values)}


def condition(logic: str, *attributes: dict[str, Any]) -> dict[str, Any]:
    dimensions = [{"ObjectAttributes": [each]} for each in attributes]
    return {"EventTriggerDimensions": dimensions, "LogicalOperator": logic}


def mix(number: int) -> dict[str, Any]:
    """What line ``number`` sets."""
    own = str(number)
    period = {"Unit": "DAYS", "Value": 1 + number % 20, "MaxInvocationsPerProfile": 3}
    match number % 6:
        case 0 | 1:
            return {"SegmentFilter": f"segment-{own}"}
        case 2:
            conditions = [condition("ANY", attribute("INCLUSIVE", own, FieldName="amount"))]
            return {"ObjectTypeName": "OrderHistory", "EventTriggerConditions": conditions}
        case 3:
            wanted = attribute("EQUAL", f"value-{own}", FieldName="fieldName", Source="source")
            limits = {"EventExpiration": 1_700_000_000 + number, "Periods": [period]}
            return {
                "ObjectTypeName": "objectTypeName",
                "Description": "description",
                "EventTriggerConditions": [condition("ANY", wanted)],
                "SegmentFilter": "segmentFilter",
                "EventTriggerLimits": limits,
            }
        case 4:
            large = attribute("GREATER_THAN", own, Source="order.total")
            small = attribute("LESS_THAN", str(number // 2), Source="order.total")
            return {
                "ObjectTypeName": "Orders",
                "EventTriggerConditions": [condition("ALL", large, small)],
            }
    months = attribute("BETWEEN", "2026-01-01T00:00:00Z", "2026-06-30T00:00:00Z", Source="at")
    shops = attribute("CONTAINS", *(f"shop-{own}-{each}" for each in range(10)), Source="shop")
    return {
        "ObjectTypeName": "Visits",
        "EventTriggerConditions": [condition("ALL", months, shops), condition("NONE", shops)],
        "EventTriggerLimits": {"EventExpiration": 600_000, "Periods": [period]},
    }


def lines(simple: bool = False) -> Iterator[bytes]:
    for number in range(LINES):
        names = {
            "DomainName": f"domain-{number // DOMAIN_OF}",
            "EventTriggerName": f"trigger-{number}",
        }
        said = {"SegmentFilter": "vip"} if simple else mix(number)
        yield json.dumps({**names, **said}).encode() + b"\n"


def of_process(*arguments: str) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory in MB of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "batcher", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1)
    wall = time.perf_counter() - began
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def checking(path: Path, *, lint: bool) -> float:
    """CPU seconds of the check of a file, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        counter = LintCounter(Settings())
        began = time.process_time()
        file = check_file(
            str(path), Settings(), path.parent, on_update=counter.add if lint else None
        )
        if lint:
            counter.counts(file)
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    with TemporaryDirectory() as folder:
        mixed, simple = Path(folder, "mixed.jsonl"), Path(folder, "simple.jsonl")
        for path in (mixed, simple):
            with path.open("wb") as file:
                file.writelines(lines(simple=path is simple))
        for name, arguments in (
            ("validate", ("validate", str(mixed))),
            ("lint", ("lint", str(mixed))),
            ("lint --current", ("lint", str(mixed), "--current", str(mixed))),
            ("lint --format sarif", ("lint", str(mixed), "--format", "sarif")),
        ):
            wall, cpu, memory = of_process(*arguments)
            print(f"{name:<20} {wall:6.1f} s, {cpu:6.1f} s CPU, {memory:4.0f} MB", flush=True)
        for name, path in (("simple", simple), ("mixed", mixed)):
            plain, linted = (checking(path, lint=lint) for lint in (False, True))
            print(f"check of {LINES:,} {name} lines: {plain:.2f} s CPU, with lint {linted:.2f} s")


if __name__ == "__main__":
    main()
