"""What the benchmarks share: an emulator as a process, updates, stand-in credentials."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
TENANT = "another-tenant"  # the segment in updates of whoever else drinks from the bucket


@asynccontextmanager
async def server(*command: str) -> AsyncIterator[str]:
    """A server as a process, whose first line is its address; ``command``: after ``python -m``."""
    os.environ.update(CREDENTIALS)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def emulator(*flags: str, triggers: int = 200) -> AsyncIterator[str]:
    """``batcher emulator`` with those flags, filled with triggers t0, t1, … of domain acme.

    Yields its address.
    """
    async with server("batcher", "emulator", "--port", "0", *flags) as url:
        await seed(url, triggers)
        yield url


async def seed(url: str, triggers: int, **members: str) -> None:
    """Put triggers in by the admin path, with those members."""
    body = "".join(json.dumps(trigger(number) | members) + "\n" for number in range(triggers))
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/_emulator/seed", data=body) as answer,
    ):
        answer.raise_for_status()


async def calls(url: str, operation: str = "UpdateEventTrigger") -> list[tuple[float, str]]:
    """(monotonic seconds, outcome) of every call of that operation that the emulator saw."""
    return [(call["time"], call["outcome"]) for call in await _log(url, "calls", operation)]


async def applied(url: str) -> list[tuple[float, str, str]]:
    """Every UpdateEventTrigger carried out: (monotonic seconds, trigger, segment)."""
    entries = await _log(url, "applied", "UpdateEventTrigger")
    return [
        (entry["time"], entry["EventTriggerName"], entry["request"]["SegmentFilter"])
        for entry in entries
    ]


async def accepted(url: str) -> int:
    """How many UpdateEventTrigger the emulator carried out."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/_emulator/counts") as answer:
        return (await answer.json()).get("UpdateEventTrigger", {}).get("ok", 0)


async def _log(url: str, name: str, operation: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/_emulator/{name}") as answer:
        seen = [json.loads(line) for line in (await answer.text()).splitlines()]
    return [entry for entry in seen if entry["operation"] == operation]


def trigger(number: int) -> dict[str, Any]:
    attribute = {"FieldName": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
    return {
        "DomainName": "acme",
        "EventTriggerName": f"t{number}",
        "ObjectTypeName": "Orders",
        "EventTriggerConditions": [
            {
                "EventTriggerDimensions": [{"ObjectAttributes": [attribute]}],
                "LogicalOperator": "ALL",
            }
        ],
    }


def update(number: int, triggers: int = 200) -> dict[str, Any]:
    return {
        "DomainName": "acme",
        "EventTriggerName": f"t{number % triggers}",
        "SegmentFilter": f"round-{number // triggers}",
        "EventTriggerLimits": {
            "Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}]
        },
    }


def used(times: Sequence[float], updates: int, rate: float, burst: float) -> float:
    """How much of the quota was used, from the first call to the last.

    That is the time an ideal client needs, (updates - burst) / rate, as a share of the time taken.
    """
    return (updates - burst) / rate / (times[-1] - times[0])
