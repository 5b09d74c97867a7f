"""Definitions and attributes in few words."""

from typing import Any


def attribute(
    operator: str, *values: str, source: str | None = "a", **named: str
) -> dict[str, Any]:
    """One attribute: of Source ``a``, unless another or a FieldName is named."""
    where = {"Source": source} if source is not None else {}
    return {**where, **named, "ComparisonOperator": operator, "Values": list(values)}


def dimension(*attributes: dict[str, Any]) -> dict[str, Any]:
    return {"ObjectAttributes": list(attributes)}


def condition(operator: str, *dimensions: dict[str, Any]) -> dict[str, Any]:
    return {"LogicalOperator": operator, "EventTriggerDimensions": list(dimensions)}


def trigger(*conditions: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"ObjectTypeName": "Orders", "EventTriggerConditions": list(conditions), **members}


def of_one(operator: str, *values: str, **named: Any) -> dict[str, Any]:
    """A trigger with one attribute."""
    return trigger(condition("ALL", dimension(attribute(operator, *values, **named))))
