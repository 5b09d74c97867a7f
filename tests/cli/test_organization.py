"""Many accounts in one run, as their users meet it: what is said names each target, and is short.

Each test: twelve accounts in two Regions, in an emulator.
"""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger

Write = Callable[..., Path]
ACCOUNTS = [f"{number:012d}" for number in range(111_111_111_101, 111_111_111_113)]
REGIONS = ("eu-west-1", "us-east-1")
TARGETS = [f"{account}-{region}" for account in ACCOUNTS for region in REGIONS]


def lines(**more: Any) -> list[dict[str, Any]]:
    """One update of trigger t0 in each target."""
    return [{"target": target, **change(0), **more} for target in TARGETS]


@pytest.fixture
async def emulator(batcher: Command) -> AsyncIterator[Emulator]:
    """Where all the accounts are; ``accounts.toml`` is their settings, and the environment's."""
    emulator = Emulator()
    emulator.seed([trigger(0)])
    (batcher.folder / "accounts.toml").write_text(
        '[targets."{account}-{region}"]\n'
        f"accounts = {json.dumps(ACCOUNTS)}\nregions = {json.dumps(REGIONS)}\n"
        'role_arn = "arn:aws:iam::{account}:role/batcher"\n'
    )
    async with emulator as url:
        batcher.environ |= {
            "AWS_ENDPOINT_URL_STS": url,
            "BATCHER_ENDPOINT_URL": url,
            "BATCHER_CONFIG": "accounts.toml",
        }
        yield emulator


async def test_each_command_names_the_target_of_a_trigger_and_verify_goes_by_the_file(
    batcher: Command, emulator: Emulator, write_lines: Write
) -> None:
    unlimited = {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 1, "Unlimited": True}
    write_lines(lines(EventTriggerLimits={"Periods": [unlimited]}))
    first = f"acme/t0 (target {TARGETS[0]})"
    linted = await batcher("lint", "updates.jsonl")
    assert f"line 1: {first}\n" in linted.err
    write_lines([*lines(), {"target": TARGETS[5], **change(1)}], "uneven.jsonl")
    dry = await batcher("run", "uneven.jsonl", "--dry-run")
    assert f"pace of target {TARGETS[5]}, which takes longest: " in dry.err
    planned = await batcher("plan", "updates.jsonl")
    assert f"24 updates to 24 targets: {first}," in planned.err
    assert planned.err.count("sends what each line gives") == 1
    assert (await batcher("run", "updates.jsonl", "--yes", "--rate", "50")).code == 0
    write_lines(lines(Description="another"), "another.jsonl")
    assert (await batcher("run", "another.jsonl", "--yes", "--rate", "50")).code == 0
    verified = await batcher("verify", "updates.run", "--json")
    assert verified.code == 1
    *_, verdict = said = verified.err.splitlines()
    at = said.index("Not as asked: 24")
    assert said[at + 1 : at + 21] == [
        f"  line {line}: acme/t0 (target {target}): NotAsAsked: the live trigger differs in"
        " Description"
        for line, target in enumerate(TARGETS[:20], 1)
    ]
    assert (said[at + 21], verdict) == ("  … and 4 more", "It does not hold.")
    reads = [line for line in said if line.startswith("  read of ")]
    assert [line[:21] for line in reads] == ["  read of 24 targets,"]
    assert len(json.loads(verified.out)["read"]) == 24
    found = await batcher("report", "another.run", "--format", "markdown")
    assert f"24 updates: {first}" in found.out


@pytest.mark.parametrize("command", ["validate", "lint", "plan", "run"])
async def test_a_line_without_a_target_or_with_one_that_there_is_not_is_told_by_each_command(
    batcher: Command, emulator: Emulator, write_lines: Write, command: str
) -> None:
    write_lines([*lines()[:2], change(0), {"target": "none", **change(0)}])
    ended = await batcher(command, "updates.jsonl")
    said = f"line 3: names no target; there are {TARGETS[0]}, "
    assert (ended.code, said in ended.err + ended.out) == (2, True), ended.err
    assert "line 4: target: no target none; " in ended.err + ended.out


async def test_targets_with_failures_come_first_at_the_end_of_a_run_and_in_its_report(
    batcher: Command, emulator: Emulator, write_lines: Write
) -> None:
    gone = {"target": TARGETS[-1], **change(7)}
    write_lines([*lines(), gone])
    ended = await batcher("run", "updates.jsonl", "--yes", "--rate", "50")
    said = ended.err.splitlines()
    (alone,) = (place for place, line in enumerate(said) if line.startswith("  target "))
    (many,) = (place for place, line in enumerate(said) if line.startswith("  23 targets ("))
    assert f"  target {TARGETS[-1]}: 2 updates: 1 succeeded, 1 failed; " in said[alone]
    assert alone < many
    assert f"batcher export --domain acme --target {TARGETS[-1]}" in ended.err
    report = (batcher.folder / "updates.run" / "report.html").read_text()
    assert f"not all is well in 1 of 24: {TARGETS[-1]} (1 failed)" in report
    assert "What failed fails again as it is" in report


async def test_of_credentials_that_are_of_no_target_all_targets_are_named_at_once(
    batcher: Command, emulator: Emulator, write_lines: Write
) -> None:
    write_lines(lines())
    config = batcher.folder / "accounts.toml"
    config.write_text(config.read_text().replace("role_arn", "external_id"))
    for command in (("run", "updates.jsonl", "--yes"), ("plan", "updates.jsonl")):
        refused = await batcher(*command)
        assert refused.code == 5
        assert f"batcher: 24 targets ({TARGETS[0]}, {TARGETS[1]}, " in refused.err
        assert f" more) for one cause, such as target {TARGETS[0]}: belongs to" in refused.err
    assert not emulator.applied()
