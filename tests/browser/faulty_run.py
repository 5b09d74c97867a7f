"""A run against two accounts where much goes wrong, and what is written there is hostile."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from batcher.emulator import Emulator
from tests.conftest import Command

SECRET = "SECRET-VALUE-7"  # of a sensitive member: on no page
MARKUP = "<script>console.error('markup')</script><img src=x onerror=console.error('image')>"
DOMAINS = ("shop-eu", "shop-us", "loyalty")
LIMIT = {"Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}]}


def trigger(number: int) -> dict[str, Any]:
    """A made-up trigger as it is before the run."""
    total = {"FieldName": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
    dimensions = [{"ObjectAttributes": [total]}]
    return {
        "DomainName": DOMAINS[number % len(DOMAINS)],
        "EventTriggerName": f"cart-{number:04}",
        "ObjectTypeName": "Orders",
        "SegmentFilter": "everyone",
        "EventTriggerConditions": [
            {"EventTriggerDimensions": dimensions, "LogicalOperator": "ALL"}
        ],
    }


def updates(count: int, markup: str = "") -> Iterator[dict[str, Any]]:
    """Lines for two targets: of several shapes, some for triggers that are not there, one bad."""
    for number in range(count):
        made = trigger(number)
        line = {
            "id": f"row-{number}{markup}" if number % 7 == 0 else f"row-{number}",
            "target": "prod-us" if number % 3 == 1 else "prod-eu",
            "DomainName": made["DomainName"],
            "EventTriggerName": made["EventTriggerName"],
        }
        if number % 20 == 7:
            line["EventTriggerName"] = f"gone-{number:04}"
        match number % 5:
            case 0:
                yield line | {"SegmentFilter": "vip"}
            case 1:
                yield line | {"SegmentFilter": made["SegmentFilter"]}  # as it is
            case 2:
                yield line | {"EventTriggerLimits": {"EventExpiration": 3_600_000} | LIMIT}
            case 3:
                yield line | {"Description": SECRET, "EventTriggerLimits": LIMIT}
            case _:
                yield line | {"EventTriggerLimits": LIMIT}
    yield {"id": f"bad{markup}", "target": "prod-eu", "DomainName": "x" * 300}


class FaultyRun:
    """A run that has come to its end, and the two accounts that it was of, whose faults are over.

    ``folder``: where its commands are to be run.
    """

    def __init__(self, folder: Path, command: Command) -> None:
        self.folder = folder
        self.command = command
        self.directory = folder / "updates.run"
        self.summary = json.loads((self.directory / "summary.json").read_bytes())


@asynccontextmanager
async def faulty_run(
    folder: Path, *, count: int = 200, rate: float = 30, reason: str, markup: str = ""
) -> AsyncIterator[FaultyRun]:
    """A run in ``folder`` against two accounts, which are there until this is left."""
    latency = (0.02, 0.06)
    eu = Emulator(
        rate=rate,
        burst=rate / 2,
        latency=latency,
        faults={"internal": 0.05, "access-denied": 0.01, "hang": 0.03},
        clamp={"EventTriggerLimits.EventExpiration": 600_000},
    )
    us = Emulator(rate=rate / 3, burst=5, latency=latency, faults={"reset-before": 0.03})
    for emulator in (eu, us):
        emulator.seed([trigger(number) for number in range(count)])
    eu.script("UpdateEventTrigger", [*(20 * [None]), *(3 * ["throttle"])])
    lines = (msgspec.json.encode(line) + b"\n" for line in updates(count, markup))
    (folder / "updates.jsonl").write_bytes(b"".join(lines))
    command = Command(folder)
    async with eu as eu_url, us as us_url:
        (folder / "targets.toml").write_text(_targets({"prod-eu": eu_url, "prod-us": us_url}))
        flags = ("--config", "targets.toml", "--yes", "--skip-invalid", "--read-timeout", "1")
        why = ("--max-attempts", "1", "--reason", reason, "--label", "ticket=OPS-1742")
        ended = await command("run", "updates.jsonl", *flags, *why)
        assert ended.code == 1, ended.err
        eu.set_faults({})
        us.set_faults({})
        yield FaultyRun(folder, command)


def _targets(urls: dict[str, str]) -> str:
    """Settings, with a table for each target."""
    tables = (f"[targets.{name}]\nendpoint_url = {json.dumps(url)}\n" for name, url in urls.items())
    return f"target = {json.dumps(next(iter(urls)))}\n{''.join(tables)}"
