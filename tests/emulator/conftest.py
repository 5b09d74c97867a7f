"""Triggers to put into an emulator. No assertions here."""

from collections.abc import Callable
from typing import Any

import pytest

CONDITIONS = [
    {
        "EventTriggerDimensions": [
            {
                "ObjectAttributes": [
                    {"FieldName": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
                ]
            }
        ],
        "LogicalOperator": "ALL",
    }
]


@pytest.fixture
def trigger() -> Callable[..., dict[str, Any]]:
    """Members of a CreateEventTrigger request."""

    def make(name: str = "cart", domain: str = "acme", **members: Any) -> dict[str, Any]:
        required = {"ObjectTypeName": "Orders", "EventTriggerConditions": CONDITIONS}
        return {"DomainName": domain, "EventTriggerName": name, **required, **members}

    return make
