"""``batcher quota``: what earlier runs found out about quotas, shown or forgotten."""

import json
import os
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from batcher.cli.output.echo import echo
from batcher.clock import SystemClock
from batcher.number_text import ago, rate_text
from batcher.storage.omission_records import Omission
from batcher.storage.quota_file import QuotaFile, Remembered, seconds_between
from batcher.storage.state_directory import state_directory

WIDE = 1000  # columns: nothing is cut off, for --account takes the whole name


def do_quota(forget: bool, account: str | None, as_json: bool) -> None:

    def warn(text: str) -> None:
        echo(f"batcher: {text}", err=True)

    file = QuotaFile(state_directory(os.environ), warn)
    if forget:
        if (gone := file.forget(account)) is None:
            raise SystemExit(5)
        echo(f"Forgot {gone} of {file.path}.", err=True)
        if not as_json:
            return
    entries = [entry for entry in file.entries() if account in (None, entry.account)]
    omissions = [each for each in file.omissions() if account in (None, each.account)]
    if as_json:
        _print_json(entries, omissions)
        return
    if entries:
        _print_table(entries)
    else:
        echo("No quota is remembered; run or calibrate finds it.", err=True)
    if omissions:
        _print_omissions(omissions)


def _print_json(entries: list[Remembered], omissions: list[Omission]) -> None:
    quotas = [_with_age(entry, entry.learned_at) for entry in entries]
    omitted = [_with_age(each, each.seen_at) for each in omissions]
    echo(json.dumps({"quotas": quotas, "omissions": omitted}, indent=2), lines=True)


def _with_age(entry: Remembered | Omission, since: str) -> dict[str, Any]:
    members: dict[str, Any] = msgspec.to_builtins(entry)
    return members | {"age_seconds": round(_age(since), 1)}


def _print_table(entries: list[Remembered]) -> None:
    table = Table(
        "account", "Region", "operation", "rate", "burst", "found", box=None, pad_edge=False
    )
    for entry in entries:
        doubt = f" ±{100 * entry.doubt:.2g} %" if entry.doubt >= 0.001 else ""
        rate, age = rate_text(entry.rate) + doubt, ago(_age(entry.learned_at))
        burst = "?" if entry.burst is None else f"{entry.burst:,.3g}"
        table.add_row(entry.account, entry.region, entry.operation, rate, burst, age)
    Console(highlight=False, width=WIDE).print(table)


def _print_omissions(omissions: list[Omission]) -> None:
    names = ("account", "Region", "endpoint", "an update that omits", "leaves it", "seen")
    table = Table(*names, box=None, pad_edge=False)
    for each in omissions:
        place = each.account, each.region, each.endpoint
        table.add_row(*place, each.member, each.effect, ago(_age(each.seen_at)))
    Console(highlight=False, width=WIDE).print(table)


def _age(since: str) -> float:
    return seconds_between(since, SystemClock().wall())
