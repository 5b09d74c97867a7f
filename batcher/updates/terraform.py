"""The event triggers of a Terraform state or plan, as the provider ``awscc`` names them.

Taken are ``terraform.tfstate`` and what ``terraform show -json`` prints of a state and of a plan.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from batcher.errors import InputError
from batcher.foreign_text import printable
from batcher.updates.foreign_definition import UnknownValue
from batcher.updates.foreign_resources import ForeignResource, ForeignResources

RESOURCE_TYPE = "awscc_customerprofiles_event_trigger"
AFTER_APPLY = "is known only after terraform apply: apply it, and take the state"

_STATE_VERSION = 4
_OWN = {"id"}  # what the provider adds for itself
_MODULES_AT_MOST = 64  # within each other


def is_terraform(document: Mapping[str, Any]) -> bool:
    """Whether a document is a state or a plan, readable or not."""
    return (
        "terraform_version" in document
        or "lineage" in document
        or "planned_values" in document
        or "encrypted_data" in document
    )


def triggers_of_terraform(document: Mapping[str, Any]) -> ForeignResources:
    """The event triggers of a state or a plan. Raises InputError where it can't be read."""
    if "planned_values" in document:
        return _of_plan(document)
    if isinstance(document.get("resources"), list) and document.get("version") == _STATE_VERSION:
        return _taken(_in_state(document["resources"]), {})
    if "values" in document or "format_version" in document:
        return _taken(_in_values(document.get("values")), {})
    raise InputError(
        "a state that can't be read as it is, of an old version or encrypted. Put this before"
        " batcher: terraform show -json"
    )


def _of_plan(document: Mapping[str, Any]) -> ForeignResources:
    changes = {
        each["address"]: each["change"]
        for each in _objects(document.get("resource_changes"))
        if isinstance(each.get("address"), str) and isinstance(each.get("change"), dict)
        if "deposed" not in each  # under the address of what has replaced it
    }
    return _taken(_in_values(document["planned_values"]), changes)


def _taken(
    resources: Iterator[tuple[str, Mapping[str, Any], Any]], changes: Mapping[str, Any]
) -> ForeignResources:
    """The triggers among resources: (address, resource, attributes). ``changes``: by address."""
    found, others, pending = list[ForeignResource](), 0, 0
    for address, resource, attributes in resources:
        change = changes.get(address, {})
        if resource.get("type") != RESOURCE_TYPE or resource.get("mode", "managed") != "managed":
            others += 1
        elif "create" in (change.get("actions") or ()):
            pending += 1
        elif isinstance(attributes, dict):
            value = _with_unknown(attributes, change.get("after_unknown") or {})
            known = {name: each for name, each in value.items() if name not in _OWN}
            place = printable(address)
            found.append(ForeignResource(name=address, place=place, value=known))
    return ForeignResources(triggers=found, others=others, pending=pending)


def _in_state(resources: list[Any]) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    for resource in _objects(resources):
        module = resource.get("module")
        address = f"{module}." if isinstance(module, str) else ""
        address += f"{resource.get('type')}.{resource.get('name')}"
        for instance in _objects(resource.get("instances")):
            if "deposed" in instance:  # what a replacement has left behind
                continue
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key)}]"
            yield address + index, resource, instance.get("attributes")


def _in_values(values: Any) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    module = values.get("root_module") if isinstance(values, dict) else None
    yield from _in_module(module, 0)


def _in_module(module: Any, depth: int) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    if not isinstance(module, dict) or depth > _MODULES_AT_MOST:
        return
    for resource in _objects(module.get("resources")):
        if "deposed_key" not in resource:
            yield str(resource.get("address")), resource, resource.get("values")
    for child in _objects(module.get("child_modules")):
        yield from _in_module(child, depth + 1)


def _with_unknown(value: Any, unknown: Any) -> Any:
    """A value with what a plan does not know yet; ``unknown`` has true in those places."""
    match unknown, value:
        case True, _:
            return UnknownValue(AFTER_APPLY)
        case dict(), dict():
            names = [*value, *(each for each in unknown if each not in value)]
            found = {name: _with_unknown(value.get(name), unknown.get(name)) for name in names}
            return {
                name: each
                for name, each in found.items()
                if name in value or isinstance(each, UnknownValue)
            }
        case list(), list():
            return [_with_unknown(each, at) for each, at in zip_longest(value, unknown)]
    return value


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
