"""Peak memory and speed of ``simulate``: a month of events against 50 triggers that all change.

Half of the triggers have periods and an expiration, half have the default limit; each of ten object
types has five triggers. CPU seconds are those of the whole command. Other sizes by variables.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EVENTS = int(os.environ.get("EVENTS", 1_000_000))
PROFILES = int(os.environ.get("PROFILES", 100_000))
TYPES = int(os.environ.get("TYPES", 10))
DAYS = int(os.environ.get("DAYS", 30))
TRIGGERS = int(os.environ.get("TRIGGERS", 50))
STEP = float(os.environ.get("STEP", 0))  # of the bound, from trigger to trigger
PERIODS = [
    {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 1},
    {"Unit": "WEEKS", "Value": 1, "MaxInvocationsPerProfile": 3},
]


def attribute(source: str, operator: str, *values: str) -> dict[str, Any]:
    return {"Source": source, "ComparisonOperator": operator, "Values": list(values)}


def conditions(total: float) -> list[dict[str, Any]]:
    dimensions = [
        [attribute("order.total", "GREATER_THAN", f"{total:g}")],
        [attribute("status", "INCLUSIVE", "open"), attribute("country", "EXCLUSIVE", "FR", "BE")],
    ]
    return [
        {
            "LogicalOperator": "ALL",
            "EventTriggerDimensions": [{"ObjectAttributes": each} for each in dimensions],
        }
    ]


def triggers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each trigger as it is, and its update: the bound of a total is moved from 700 to 500."""
    for number in range(TRIGGERS):
        names = {"DomainName": "acme", "EventTriggerName": f"t{number}"}
        limits = {"EventExpiration": 600_000, "Periods": PERIODS}
        has_limits = {"EventTriggerLimits": limits} if number % 2 else {}
        of_type = {"ObjectTypeName": f"Type{number % TYPES}"}
        before, after = (conditions(bound + number * STEP) for bound in (700, 500))
        yield (
            names | of_type | {"EventTriggerConditions": before} | has_limits,
            names | {"EventTriggerConditions": after},
        )


def events() -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    at, step = datetime(2026, 10, 1, tzinfo=UTC), timedelta(days=DAYS) / EVENTS
    for number in range(EVENTS):
        at += step
        yield {
            "id": f"e-{number}",
            "profile": f"{chance.randrange(PROFILES):032x}",
            "object_type": f"Type{chance.randrange(TYPES)}",
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "object": {
                "order": {"total": chance.randrange(1000), "items": [{"sku": "a1"}]},
                "status": chance.choice(["open", "paid", "canceled"]),
                "country": chance.choice(["DE", "US", "FR"]),
            },
        }


def write(path: Path, lines: Iterator[dict[str, Any]]) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(each, separators=(",", ":")) + "\n" for each in lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "current.jsonl", (current for current, _ in triggers()))
        write(folder / "updates.jsonl", (update for _, update in triggers()))
        write(folder / "events.jsonl", events())
        files = ("updates.jsonl", "--events", "events.jsonl", "--current", "current.jsonl")
        command = [sys.executable, "-m", "batcher", "simulate", *files, "--json"]
        environ = {**os.environ, "PYTHONPATH": os.getcwd()}
        with (folder / "report.json").open("wb") as out:
            process = subprocess.Popen(
                command, cwd=folder, env=environ, stdout=out, stderr=subprocess.DEVNULL
            )
            _, status, usage = os.wait4(process.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        report = json.loads((folder / "report.json").read_text())
    seconds, verdicts = usage.ru_utime + usage.ru_stime, 2 * report["evaluations"]
    print(
        f"{EVENTS:,} events of {PROFILES:,} profiles, {TRIGGERS} triggers:"
        f" {usage.ru_maxrss / 1024:.0f} MB; {verdicts:,} verdicts in {seconds:.1f} s of CPU:"
        f" {verdicts / seconds:,.0f} a second; {report['started']:,} firings start"
    )


if __name__ == "__main__":
    main()
