"""Shapes of a service model become a JSON Schema that says no more and no less."""

from typing import Any

import pytest
from hypothesis import given
from jsonschema_rs import Draft202012Validator

from batcher.aws.service_model import installed_service_model
from batcher.operations import UPDATE_TRIGGER
from batcher.updates.json_schema import at, dereferenced, reachable, update_schema
from tests.updates.samples import MODEL, valid_lines

SHAPES: dict[str, Any] = {
    "Request": {
        "type": "structure",
        "required": ["Tree"],
        "members": {"Tree": {"shape": "Tree", "documentation": "<p>A  <b>tree</b></p>"}},
    },
    "Tree": {
        "type": "structure",
        "union": True,
        "members": {"Leaf": {"shape": "Leaf"}, "Trees": {"shape": "Trees"}},
    },
    "Trees": {"type": "list", "member": {"shape": "Tree"}, "min": 1, "max": 2},
    "Leaf": {"type": "string", "enum": ["RED", "GREEN"]},
    "Unused": {"type": "string"},
}


def test_every_shape_below_comes_once_and_after_the_one_that_leads_to_it() -> None:
    assert reachable(SHAPES, "Request") == ["Request", "Tree", "Leaf", "Trees"]
    assert update_schema(SHAPES, "Request")["$defs"].keys() == {"Tree", "Leaf", "Trees"}


def test_documentation_is_shown_without_its_markup() -> None:
    tree = update_schema(SHAPES, "Request")["properties"]["Tree"]
    assert tree == {"$ref": "#/$defs/Tree", "description": "A tree"}


@pytest.mark.parametrize(
    ("tree", "valid"),
    [
        ({"Leaf": "RED"}, True),
        ({"Leaf": "BLUE"}, False),
        ({}, False),  # a union has exactly one member
        ({"Leaf": "RED", "Trees": [{"Leaf": "RED"}]}, False),
        ({"Trees": [{"Trees": [{"Leaf": "GREEN"}]}, {"Leaf": "RED"}]}, True),
        ({"Trees": []}, False),
        ({"Trees": [{"Leaf": "RED"}] * 3}, False),
    ],
)
def test_a_value_keeps_the_schema_as_it_keeps_the_shapes(tree: Any, valid: bool) -> None:
    validator = Draft202012Validator(update_schema(SHAPES, "Request"))
    assert validator.is_valid({"Tree": tree}) is valid


def test_every_limit_of_the_installed_model_is_in_the_schema() -> None:
    shapes = installed_service_model()["shapes"]
    request = installed_service_model()["operations"][UPDATE_TRIGGER]["input"]["shape"]
    lost = []
    for name in reachable(shapes, request):
        rule = MODEL.schema if name == request else MODEL.schema["$defs"][name]
        for limit in shapes[name].keys() & {"min", "max"}:
            if shapes[name][limit] not in rule.values():
                lost.append((name, limit))
        for kept in shapes[name].keys() & {"pattern", "enum", "required"}:
            if rule.get(kept) != shapes[name][kept]:
                lost.append((name, kept))
    assert lost == []


@given(valid_lines())
def test_the_schema_at_a_path_is_that_of_the_value_there(line: dict[str, Any]) -> None:
    def check(value: Any, path: list[str | int]) -> None:
        rule = at(MODEL.schema, path)
        assert dereferenced(rule, MODEL.schema) == rule
        kind = {dict: "object", list: "array", str: "string", bool: "boolean"}.get(type(value))
        assert rule["type"] in ([kind] if kind else ["integer", "number"])
        if isinstance(value, dict):
            for name, below in value.items():
                check(below, [*path, name])
        elif isinstance(value, list):
            for index, below in enumerate(value):
                check(below, [*path, index])

    check(line, [])
    assert at(MODEL.schema, ["nowhere", 0]) == {}
