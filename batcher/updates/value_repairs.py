"""Values in updates as other tools write them, and the steps of a jq filter that mend these.

They are nulls and empty texts, numbers as texts, and what the API answers beside a trigger.
"""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from batcher.updates.json_schema import Schema, dereferenced
from batcher.updates.json_syntax import NESTING_AT_MOST
from batcher.updates.update_model import UpdateModel

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,9})?", re.ASCII)
_WITHOUT_EMPTY = (
    'walk(if type == "object" then with_entries(select(.value | . != null and . != "")) else . end)'
)


class Repairs(Struct, frozen=True, kw_only=True):
    """``steps`` of a jq filter; ``what`` the updates are, "" where nothing is to be mended."""

    steps: list[str] = []
    what: str = ""
    advice: str = ""


def repairs(updates: list[dict[str, Any]], model: UpdateModel) -> Repairs:
    """What mends the values of updates. ``updates``: a sample of them, not yet checked."""
    steps, advice = list[str](), list[str]()
    what = ""
    answered = sorted({name for update in updates for name in update} & model.answered)
    mistyped = sorted({each for update in updates for each in _mistyped(model, update)})
    if mistyped:
        what = "JSON with numbers as texts, or texts as numbers"
        steps += (f"({path} | {kind}) |= {function}" for path, kind, function in mistyped)
    if any(_has_empty(each, NESTING_AT_MOST) for each in updates):
        what = 'JSON with null or ""'
        steps.insert(0, _WITHOUT_EMPTY)
        advice.append("No update can clear a member, so null and empty texts are left out.")
    if answered:
        what = "what the API answers"
        steps.append(f"del({', '.join(f'.{name}' for name in answered)})")
        shown = [update for update in updates if update.keys() & model.answered]
        if any("DomainName" not in update for update in shown):
            steps.append('{DomainName: "DOMAIN"} + .')
            advice.append("Put the domain's name for DOMAIN: no answer has it.")
    return Repairs(steps=steps, what=what, advice=" ".join(advice))


def _has_empty(value: Any, levels: int) -> bool:
    """Whether a member, on any of so many levels, is null or an empty text."""
    if not levels or not isinstance(value, (dict, list)):
        return False
    below = list(value.values()) if isinstance(value, dict) else value
    is_empty = isinstance(value, dict) and any(each in (None, "") for each in below)
    return is_empty or any(_has_empty(each, levels - 1) for each in below)


def _mistyped(model: UpdateModel, update: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Where a value has another type than the model's, its type there, and what changes it."""
    return _mistyped_below(model.schema, model.schema, update, "")


def _mistyped_below(
    root: Schema, schema: Schema, value: Any, path: str
) -> Iterator[tuple[str, str, str]]:
    rule = dereferenced(schema, root)
    match rule.get("type"), value:
        case "integer" | "number", str() if _NUMBER.fullmatch(value):
            yield path, "strings", "fromjson"
        case "boolean", "true" | "false":
            yield path, "strings", "fromjson"
        case "string", bool():
            yield path, "booleans", "tostring"
        case "string", int() | float():
            yield path, "numbers", "tostring"
        case _, dict():
            known = rule.get("properties", {})
            for name in value.keys() & known.keys():
                yield from _mistyped_below(root, known[name], value[name], f"{path}.{name}")
        case _, list() if "items" in rule:
            for each in value:
                yield from _mistyped_below(root, rule["items"], each, f"{path}[]?")
