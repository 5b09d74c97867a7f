"""``batcher demo``: the main job at work against the emulator, with a quota and faults."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from batcher.cli.interruption import run_command
from batcher.cli.options import Choices
from batcher.cli.output.echo import echo
from batcher.cli.output.next_command import next_command
from batcher.cli.start import start
from batcher.config import Settings
from batcher.emulator import Emulator
from batcher.jobs.run import open_run
from batcher.storage.atomic_file import write_atomically

DOMAINS = ("shop-eu", "shop-us", "loyalty")


def do_demo(updates: int, rate: float) -> None:
    raise SystemExit(run_command(_demo, updates, rate))


async def _demo(updates: int, rate: float) -> int:
    folder = Path(tempfile.mkdtemp(prefix="batcher-demo-"))
    triggers = list(_triggers(updates))
    file = folder / "updates.jsonl"
    lines = (msgspec.json.encode(_update(trigger)) + b"\n" for trigger in triggers)
    write_atomically(file, b"".join(lines))
    emulator = Emulator(
        rate=rate,
        burst=max(1.0, rate),
        latency=(0.03, 0.08),
        faults={"internal": 0.02, "reset-after": 0.01},
    )
    emulator.seed(triggers)
    _stand_in_credentials()
    async with emulator as endpoint_url:
        echo(
            f"A local Customer Profiles at {endpoint_url}: {updates} triggers, quota {rate:g}/s,"
            " some faults.",
            err=True,
        )
        flags = ("--endpoint-url", endpoint_url, "--region", "eu-west-1", "--yes")
        echo(f"$ {next_command('run', file, *flags)}", err=True)
        settings = Settings(endpoint_url=endpoint_url, region="eu-west-1", remember=False)
        choices = Choices(out=None, yes=True, dry_run=False, as_json=False)
        with open_run(str(file), folder / "updates.run", settings) as opened:
            return await start(opened, choices)


def _triggers(count: int) -> Iterator[dict[str, Any]]:
    """Triggers of a few domains, as they are before the run."""
    total = {"FieldName": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
    dimension = {"ObjectAttributes": [total]}
    for number in range(count):
        yield {
            "DomainName": DOMAINS[number % len(DOMAINS)],
            "EventTriggerName": f"trigger-{number:04}",
            "ObjectTypeName": "Orders",
            "EventTriggerConditions": [
                {"EventTriggerDimensions": [dimension], "LogicalOperator": "ALL"}
            ],
        }


def _update(trigger: dict[str, Any]) -> dict[str, Any]:
    """The change: at most three times a day for each profile."""
    period = {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}
    return {
        "DomainName": trigger["DomainName"],
        "EventTriggerName": trigger["EventTriggerName"],
        "EventTriggerLimits": {"Periods": [period]},
    }


def _stand_in_credentials() -> None:
    """Set keys: the emulator takes any, and a real one must not leave this machine for a demo."""
    for name in ("PROFILE", "DEFAULT_PROFILE", "ENDPOINT_URL", "ENDPOINT_URL_STS"):
        os.environ.pop(f"AWS_{name}", None)
    os.environ.update(AWS_ACCESS_KEY_ID="demo", AWS_SECRET_ACCESS_KEY="demo", AWS_SESSION_TOKEN="")
