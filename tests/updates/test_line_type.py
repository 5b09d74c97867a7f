"""Schemas as types: exact ones, or none."""

from typing import Any

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator

from batcher.updates.line_type import line_type
from tests.updates.samples import MODEL


def of(rule: dict[str, Any], **definitions: Any) -> dict[str, Any]:
    """A schema of objects with one member, which keeps that rule."""
    body = {"type": "object", "properties": {"a": rule}, "additionalProperties": False}
    return {**body, "required": ["a"], "$defs": definitions}


def test_the_installed_model_has_a_type() -> None:
    assert line_type(MODEL.schema) is not None


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "string", "pattern": "^a$|b"},
        {"type": "string", "pattern": r"^\d+$"},
        {"type": "string", "format": "date"},
        {"type": "object", "properties": {"b": {}}},  # others may be there
        {"type": "object", "properties": {"b": {}}, "additionalProperties": False, "maxItems": 1},
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        {"type": "null"},
        {"$ref": "#/$defs/tree"},
    ],
)
def test_what_no_type_can_say_has_none(rule: dict[str, Any]) -> None:
    tree = {"type": "array", "items": {"$ref": "#/$defs/tree"}}
    assert line_type(of(rule, tree=tree)) is None


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ({"type": "string", "pattern": "^[a-c]+$", "minLength": 1}, ["abc", "abd", "abc\n", ""]),
        ({"type": "string", "pattern": "^[a-c]+$"}, ["abc", ""]),  # looked for in each by itself
        ({"type": "string", "pattern": "^[^a-c]*$", "maxLength": 3}, ["", "\n", "xyz", "wxyz"]),
        ({"type": "string", "pattern": "^[a-c][0-9]{2,3}$"}, ["a12", "a1", "a12\n", "a1234"]),
        ({"type": "string", "enum": ["RED"]}, ["RED", "red"]),
        ({"type": "string", "maxLength": 2}, ["ab", "äö", "\U0001f600\U0001f600", "abc"]),
        ({"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}, [2**63 - 1, 2**63, True]),
        ({"type": "number", "minimum": 0}, [0, 0.5, -1, 2**70, True]),
        ({"type": "boolean"}, [True, 1]),
        (
            {"type": "array", "items": {"type": "boolean"}, "maxItems": 1},
            [[], [True], [1], [True] * 2],
        ),
        ({"type": "object", "maxProperties": 1}, [{}, {"x": [None]}, {"x": 1, "y": 2}]),
        ({}, [None, [], 1.5]),
    ],
)
def test_a_type_takes_nothing_that_its_schema_refuses_and_what_is_plain(
    rule: dict[str, Any], values: list[Any]
) -> None:
    schema = of(rule)
    found, validator = line_type(schema), Draft202012Validator(schema)
    assert found is not None
    for value in values:
        raw = msgspec.json.encode({"a": value})
        try:
            taken = found.keep_rules([msgspec.json.decode(raw, type=found.kind)])
        except msgspec.ValidationError:
            taken = False
        assert taken is validator.is_valid({"a": value}), value
