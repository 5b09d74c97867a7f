"""The shapes of a service model, written as a JSON Schema (draft 2020-12).

A translation and nothing else: every limit comes out of the model that is passed in, none is
written down here but the ranges of the model's own number types.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]

HIGHEST_PRIORITY = 9
NO_CONTROL_CHARACTERS = r"^[^\u0000-\u001f\u007f-\u009f]*$"
ID = {"description": "Name of this update, unique in its file; default: the line number."}
TARGET = {"description": "Account and Region to send it to; default: the target of the run."}
PRIORITY = {
    "type": "integer",
    "minimum": 0,
    "maximum": HIGHEST_PRIORITY,
    "description": "The higher the sooner, among lines of other triggers; default: 0.",
}
OUR_TEXT = {"type": "string", "minLength": 1, "maxLength": 256, "pattern": NO_CONTROL_CHARACTERS}
OUR_LIST = {"type": "string", "minLength": 1, "pattern": NO_CONTROL_CHARACTERS}
DOMAIN_MAP = {"description": "The --domain-map that has given it its domain; not mapped again."}
SHA256: Schema = {"type": "string", "minLength": 64, "maxLength": 64, "pattern": "^[0-9a-f]{64}$"}
BASED_ON: Schema = {
    "type": "object",
    "description": (
        "State of the trigger that this was planned on; when it is another, the update is stale."
    ),
    "properties": {
        "sha256": SHA256,
        "cleared_sha256": SHA256,
        "undone_sha256": SHA256,
        "LastUpdatedAt": {"type": "number", "minimum": 0, "maximum": 2**53},
        "sent_at": {"type": "number", "minimum": 0, "maximum": 2**53},
    },
    "required": ["sha256"],
    "additionalProperties": False,
}
CHAIN: Schema = {"type": "string", "description": "Of a line of before.jsonl; says nothing here."}
LOST: Schema = {"type": "object", "description": CHAIN["description"]}
REFERENCE = "#/$defs/"

_RANGES = {"integer": 2**31, "long": 2**63}
_PLAIN = {"boolean": "boolean", "float": "number", "double": "number"}
_TAG = re.compile(r"<[^>]*>")


def update_schema(shapes: Mapping[str, Any], request: str) -> Schema:
    """The schema of an update line: the members of the request's shape, and our own."""
    names = (name for name in reachable(shapes, request) if name != request)
    definitions = {name: _of_shape(shapes[name]) for name in names}
    body = _of_shape(shapes[request])
    ours = {
        "id": OUR_TEXT | ID,
        "target": OUR_TEXT | TARGET,
        "priority": PRIORITY,
        "based_on": BASED_ON,
        "chain": CHAIN,
        "lost": LOST,
        "domain_map": OUR_LIST | DOMAIN_MAP,
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
    """The names of a shape and of every shape below it, each once, parents first."""
    found = [name]
    for current in found:  # grows while it is walked
        below = (member["shape"] for _, member in members(shapes[current]))
        found.extend(shape for shape in below if shape not in found)
    return found


def members(shape: Mapping[str, Any]) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    """What a shape refers to: (name, member) of a structure, (None, member) of a list or a map."""
    yield from shape.get("members", {}).items()
    yield from ((None, shape[part]) for part in ("member", "key", "value") if part in shape)


def dereferenced(schema: Schema, root: Schema) -> Schema:
    """The schema that a reference stands for."""
    reference = schema.get("$ref")
    return root["$defs"][reference.removeprefix(REFERENCE)] if reference else schema


def at(root: Schema, path: list[str | int]) -> Schema:
    """The schema of the value at that path of an instance; empty where the schema says nothing."""
    here = root
    for part in path:
        if isinstance(part, int):
            below = here.get("items", {})
        else:
            named = here.get("properties", {}).get(part)
            below = named or here.get("additionalProperties") or {}
        here = dereferenced(below, root)
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
            rules = {"propertyNames": names, "additionalProperties": values}
            return {"type": "object", **_sizes(shape, "Properties"), **rules}
        case "integer" | "long" as number:
            least, most = -_RANGES[number], _RANGES[number] - 1
            limits = {"minimum": shape.get("min", least), "maximum": shape.get("max", most)}
            return {"type": "integer", **limits}
        # timestamps, blobs and documents have several spellings in JSON: left to AWS to judge
        case other:
            return {"type": _PLAIN[other]} if other in _PLAIN else {}


def _of_structure(shape: Mapping[str, Any]) -> Schema:
    one = {"minProperties": 1, "maxProperties": 1} if shape.get("union") else {}
    return {
        "type": "object",
        "properties": {name: _of_member(member) for name, member in shape["members"].items()},
        "required": list(shape.get("required", ())),
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
