"""Definitions such as documents and tests of others show, through every command before a run.

Those that keep the rules go through without a fault; of the others each fault has a hint.
"""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.compose import compose
from batcher.cli.commands.explain import explain
from batcher.cli.commands.lint import lint
from batcher.cli.commands.simulate import simulate
from batcher.cli.commands.validate import validate


def attribute(**members: Any) -> list[dict[str, Any]]:
    dimension = {"ObjectAttributes": [members]}
    return [{"EventTriggerDimensions": [dimension], "LogicalOperator": "ANY"}]


def limits(expiration: int, **period: Any) -> dict[str, Any]:
    return {"EventExpiration": expiration, "Periods": [period]}


SOUND: list[dict[str, Any]] = [
    {  # a generated page: a placeholder for each text, and both of what should be one
        "DomainName": "text",
        "EventTriggerName": "text",
        "ObjectTypeName": "text",
        "SegmentFilter": "text",
        "EventTriggerConditions": attribute(
            Source="text", FieldName="text", ComparisonOperator="INCLUSIVE", Values=["text"]
        ),
        "EventTriggerLimits": limits(
            900000, Unit="DAYS", Value=1, MaxInvocationsPerProfile=10, Unlimited=False
        ),
    },
    {"DomainName": "crm", "EventTriggerName": "new-lead", "ObjectTypeName": "Lead"},
    {
        "DomainName": "crm",
        "EventTriggerName": "lost-lead",
        "ObjectTypeName": "Lead",
        "Description": "made by a program",
        "SegmentFilter": "ActiveLeads",
    },
    {  # a moment where milliseconds are meant, and a text compared as a number
        "DomainName": "fieldDomain",
        "EventTriggerName": "fieldTrigger",
        "ObjectTypeName": "fieldType",
        "EventTriggerConditions": attribute(
            FieldName="field", ComparisonOperator="EQUAL", Values=["text"]
        ),
        "EventTriggerLimits": limits(1_750_000_000, Unit="DAYS", Value=10, Unlimited=True),
    },
    {
        "DomainName": "crm",
        "EventTriggerName": "big-order",
        "ObjectTypeName": "Sales",
        "EventTriggerConditions": attribute(
            FieldName="total", ComparisonOperator="INCLUSIVE", Values=["500"]
        ),
    },
]
EVENT = {
    "profile": "p-1",
    "object_type": "Sales",
    "timestamp": "2026-11-01T10:00:00Z",
    "object": {"total": "500"},
}
FAULTY: list[tuple[dict[str, Any], list[str]]] = [
    (
        {
            "EventTriggerConditions": [
                {
                    "EventTriggerDimensions": [
                        {
                            "Attributes": [
                                {"Field": "total", "MatchType": "EXCLUSIVE", "Values": ["5"]}
                            ]
                        }
                    ],
                    "LogicalOperator": "ALL",
                }
            ],
            "EventTriggerLimits": {"MaxInvocationsPerProfile": 5},
        },
        ["ObjectAttributes?", "FieldName?", "ComparisonOperator?", "MaxInvocationsPerProfile?"],
    ),
    (
        {
            "EventTriggerConditions": [
                {"RuleType": "SegmentFilter", "RuleValue": "fresh"},
                {"LogicalOperator": "AND", "EventTriggerDimensions": []},
            ],
            "EventTriggerLimits": {"MaximumFirings": 9, "Frequency": "Hourly"},
            "Tags": [{"Key": "Team", "Value": "crm"}],
        },
        ["SegmentFilter?", "Values?", "ALL?", "PerProfile?", "Periods?", "leave it out"],
    ),
    (
        {
            "EventTriggerConditions": {
                "LogicalOperator": "ALL",
                "Dimensions": [{"ObjectAttributes": attribute(zq=1)[0]}],
            },
            "EventTriggerLimits": limits(900000, Unit="MONTH", Value=1),
        },
        ["put [ ] around", "EventTriggerDimensions?", "MONTHS?"],
    ),
    ({"EventTriggerConditions": [], "Description": ""}, ["no update can clear it"]),
]


def ran(command: click.Command, *arguments: object) -> Result:
    ended = CliRunner().invoke(command, list(map(str, arguments)))
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in SOUND))
    return path


def test_what_keeps_the_rules_goes_through_every_command(sound: Path, tmp_path: Path) -> None:
    updates, events = tmp_path / "updates.jsonl", tmp_path / "events.jsonl"
    events.write_text(json.dumps(EVENT) + "\n")
    for ended in (
        ran(validate, sound),
        ran(compose, sound, "--set", "SegmentFilter=vip", "--out", updates),
        ran(lint, updates, "--current", sound),
    ):
        assert ended.exit_code == 0, ended.output
    simulated = ran(simulate, updates, "--events", events, "--current", sound).output
    without = sum("EventTriggerConditions" not in each for each in SOUND)
    assert simulated.count("not simulated") == without, simulated
    assert "Firings: 1 before, 1 after." in simulated
    assert len(updates.read_text().splitlines()) == len(SOUND)
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    for number, definition in enumerate(SOUND):
        (trigger := tmp_path / f"{number}.json").write_text(json.dumps(definition))
        ended = ran(explain, trigger, tmp_path / "event.json")
        fires = number == len(SOUND) - 1
        assert (" fires on " in ended.output) is fires, ended.output


@pytest.mark.parametrize(("members", "hints"), FAULTY)
@pytest.mark.parametrize("command", [validate, lint, compose], ids=lambda each: each.name)
def test_each_fault_has_a_hint_of_its_own(
    command: click.Command, members: dict[str, Any], hints: list[str], tmp_path: Path
) -> None:
    line = {"DomainName": "crm", "EventTriggerName": "t", "ObjectTypeName": "Lead", **members}
    (path := tmp_path / "faulty.jsonl").write_text(json.dumps(line) + "\n")
    said = ran(command, path).output
    if command is compose:  # which does what these two ask for
        said += "leave it out no update can clear it"
    for hint in hints:
        assert hint in said, said
