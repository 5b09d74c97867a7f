"""The shapes of a service model, written as a JSON Schema (draft 2020-12).

A translation and nothing else: every limit comes out of the model that is passed in, none is
written down here but the ranges of the model's own number types.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]

NO_CONTROL_CHARACTERS = r"^[^\u0000-\u001f\u007f-\u009f]*$"
OURS: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 256,
    "pattern": NO_CONTROL_CHARACTERS,
}
BASED_ON: Schema = {
    "type": "object",
    "description": (
        "State of the trigger that this was planned on; when it is another, the update is stale."
    ),
    "properties": {
        "sha256": {"type": "string", "minLength": 64, "maxLength": 64, "pattern": "^[0-9a-f]{64}$"},
        "LastUpdatedAt": {"type": "number", "minimum": 0, "maximum": 2**53},
    },
    "required": ["sha256"],
    "additionalProperties": False,
}
REFERENCE = "#/$defs/"

_RANGES = {"integer": 2**31, "long": 2**63}
_PLAIN = {"boolean": "boolean", "float": "number", "double": "number"}
_TAG = re.compile(r"<[^>]*>")


def update_schema(shapes: Mapping[str, Any], request: str) -> Schema:
    """The schema of an update line: the members of the shape named ``request``, and our ``id``,
    ``target`` and ``based_on``.
    """
    definitions: dict[str, Schema] = {}
    for name in reachable(shapes, request):
        if name != request:
            definitions[name] = _of_shape(shapes[name])
    body = _of_shape(shapes[request])
    ours = {
        "id": (
            OURS
            | {"description": "Name of this update, unique in its file; default: the line number."}
        ),
        "target": (
            OURS
            | {"description": "Account and Region to send it to; default: the target of the run."}
        ),
        "based_on": BASED_ON,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Update of an event trigger",
        "description": (
            "One line of an update file: members with a capital are those of the request, the"
            " others ours."
        ),
        **body,
        "properties": ours | body["properties"],
        "$defs": definitions,
    }


def reachable(shapes: Mapping[str, Any], name: str) -> list[str]:
    """That shape and every shape below it, each once, parents first."""
    found = [name]
    for current in found:  # grows while it is walked
        found.extend(
            below
            for _, member in members(shapes[current])
            if (below := member["shape"]) not in found
        )
    return found


def members(shape: Mapping[str, Any]) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    """What a shape refers to: (name, member) of a structure, (None, member) of a list or a map."""
    yield from shape.get("members", {}).items()
    yield from ((None, shape[part]) for part in ("member", "key", "value") if part in shape)


def resolve(schema: Schema, root: Schema) -> Schema:
    """The schema that a reference stands for."""
    reference = schema.get("$ref")
    return root["$defs"][reference.removeprefix(REFERENCE)] if reference else schema


def at(root: Schema, path: list[str | int]) -> Schema:
    """The schema of the value at that path of an instance; empty where the schema says nothing."""
    here = root
    for part in path:
        if isinstance(part, int):
            here = resolve(here.get("items", {}), root)
        else:
            here = resolve(
                here.get("properties", {}).get(part) or here.get("additionalProperties") or {}, root
            )
    return here


def _of_shape(shape: Mapping[str, Any]) -> Schema:
    match shape["type"]:
        case "string":
            return {"type": "string", **_sizes(shape, "Length"), **_kept(shape, "pattern", "enum")}
        case "list":
            return {"type": "array", **_sizes(shape, "Items"), "items": _of_member(shape["member"])}
        case "structure":
            return _of_structure(shape)
        case "map":
            names, values = _of_member(shape["key"]), _of_member(shape["value"])
            return {
                "type": "object",
                **_sizes(shape, "Properties"),
                "propertyNames": names,
                "additionalProperties": values,
            }
        case "integer" | "long" as number:
            bound = _RANGES[number]
            return {
                "type": "integer",
                "minimum": shape.get("min", -bound),
                "maximum": shape.get("max", bound - 1),
            }
        # timestamps, blobs and documents have several spellings in JSON: left to AWS to judge
        case other:
            return {"type": _PLAIN[other]} if other in _PLAIN else {}


def _of_structure(shape: Mapping[str, Any]) -> Schema:
    known = {name: _of_member(member) for name, member in shape["members"].items()}
    one = {"minProperties": 1, "maxProperties": 1} if shape.get("union") else {}
    required = list(shape.get("required", ()))
    return {
        "type": "object",
        "properties": known,
        "required": required,
        "additionalProperties": False,
        **one,
    }


def _of_member(member: Mapping[str, Any]) -> Schema:
    text = " ".join(_TAG.sub(" ", member.get("documentation", "")).split())
    return {"$ref": REFERENCE + member["shape"], **({"description": text} if text else {})}


def _sizes(shape: Mapping[str, Any], of: str) -> Schema:
    return {bound + of: shape[bound] for bound in ("min", "max") if bound in shape}


def _kept(shape: Mapping[str, Any], *keywords: str) -> Schema:
    return {keyword: shape[keyword] for keyword in keywords if keyword in shape}
