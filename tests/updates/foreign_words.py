"""Definitions as other tools write them, made of ours: names in other letters, skeletons."""

import re
from collections.abc import Callable
from typing import Any

from batcher.updates.json_schema import Schema, dereferenced
from tests.updates.samples import MODEL

Spelling = Callable[[str], str]

TRIGGER = {
    "DomainName": "shop",
    "EventTriggerName": "price-drop",
    "ObjectTypeName": "PriceWatch",
    "Description": "Tell them",
    "SegmentFilter": "watchers",
    "EventTriggerConditions": [
        {
            "LogicalOperator": "ALL",
            "EventTriggerDimensions": [
                {
                    "ObjectAttributes": [
                        {
                            "FieldName": "Drop",
                            "ComparisonOperator": "GREATER_THAN_OR_EQUAL",
                            "Values": ["15"],
                        }
                    ]
                }
            ],
        }
    ],
    "EventTriggerLimits": {
        "EventExpiration": 900000,
        "Periods": [{"Unit": "DAYS", "Value": 7, "MaxInvocationsPerProfile": 2}],
    },
}


def snake(name: str) -> str:
    """As Terraform writes a name."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    """As CDK writes a name."""
    return name[0].lower() + name[1:]


def spelled(value: Any, spelling: Spelling) -> Any:
    """A definition with its names as another tool writes them; ours stay."""
    if isinstance(value, dict):
        return {
            spelling(name) if name[0].isupper() else name: spelled(below, spelling)
            for name, below in value.items()
        }
    return [spelled(each, spelling) for each in value] if isinstance(value, list) else value


def without_ours(line: dict[str, Any]) -> dict[str, Any]:
    """What of a line is AWS's."""
    return {name: value for name, value in line.items() if name[0].isupper()}


def skeleton(schema: Schema = MODEL.schema) -> Any:
    """What the AWS CLI makes of a request to be filled in."""
    rule = dereferenced(schema, MODEL.schema)
    match rule["type"]:
        case "string":
            return rule["enum"][-1] if "enum" in rule else ""
        case "integer" | "number":
            return 0
        case "boolean":
            return True
        case "array":
            return [skeleton(rule["items"])]
    return {
        name: skeleton(below) for name, below in rule["properties"].items() if name[0].isupper()
    }
