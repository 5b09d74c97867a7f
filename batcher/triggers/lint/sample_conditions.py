"""Conditions written in a line, for the examples of codes."""

from typing import Any


def trigger(*conditions: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """A definition with these conditions, as the one line of an example."""
    return ({"EventTriggerConditions": list(conditions)},)


def condition(operator: str, *dimensions: list[dict[str, Any]]) -> dict[str, Any]:
    """A condition over dimensions, each a list of attributes."""
    return {
        "EventTriggerDimensions": [{"ObjectAttributes": each} for each in dimensions],
        "LogicalOperator": operator,
    }


def attribute(source: str, operator: str, *values: str) -> dict[str, Any]:
    """An attribute that compares what is at a Source."""
    return {"Source": source, "ComparisonOperator": operator, "Values": list(values)}


def compared(source: str, operator: str, *values: str) -> tuple[dict[str, Any], ...]:
    """A definition that is one comparison."""
    return trigger(condition("ALL", [attribute(source, operator, *values)]))
