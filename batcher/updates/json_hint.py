"""What an input of JSON is, where its updates are not one object a line as the API takes them.

They may stand in a list, in the envelope of a queue, over several lines, or be what the API
answered. What makes updates of them is a filter for jq.
"""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from batcher.updates.foreign_hint import document_hint, letters_hint
from batcher.updates.hint import Hint
from batcher.updates.update_model import UpdateModel
from batcher.updates.value_repairs import repairs

SAMPLES = 20  # updates that are looked at
DEPTH = 8  # of envelopes within each other
EACH, TEXT = "[]", "fromjson"  # steps to an update that are no names: of a list, of JSON in a text

_NAMES = ("EventTriggerName", "DomainName")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"')
_CLOSED_BY = {"{": "}", "[": "]"}
_NOTHING = re.compile(r'(?:null|""|\[\s*\]|\{\s*\}|true|false|-?[0-9.]+)\s*\Z')

# what members of an envelope are called; other names may be data, and are never quoted
_ENVELOPES = {
    "Message": "notifications of SNS",
    "Messages": "messages of SQS",
    "Body": "messages of SQS",
    "body": "messages of SQS",
    "Records": "records of an event",
    "records": "records of an event",
    "detail": "events of EventBridge",
    "requestParameters": "events of CloudTrail",
    "Items": "a page of a list",
    "items": "a page of a list",
    "updates": "one object with the updates in it",
    "data": "one object with the updates in it",
    "Update": "updates in an envelope",
    "update": "updates in an envelope",
}
_WITHOUT_COMMAS = "sed 's/,[[:space:]]*$//'"
_WITHOUT_BRACKETS = "sed -e '/^[][[:space:]]*$/d' -e 's/,[[:space:]]*$//'"
_LIST_WITH_A_COMMA_TOO_MANY = re.compile(
    r"\[[ \t\r]*\n(?:[ \t]*\{[^\n]*\},[ \t\r]*\n)+[ \t]*\]\s*\Z"
)
_EVERYWHERE = '.. | objects | select(has("EventTriggerName"))'
_EVERYWHERE_IN_TEXT = f".. | strings | fromjson? | {_EVERYWHERE}"


def json_hint(text: str, model: UpdateModel) -> Hint | None:
    """What an input is that begins with that text; None for JSON Lines, or no JSON."""
    if _NOTHING.match(text):
        advice = "What made it found nothing: look at the command that did, and make it anew."
        return Hint(what="a JSON value without any update", advice=advice)
    if (first := _first_value(text)) is None:
        if _LIST_WITH_A_COMMA_TOO_MANY.match(text):
            what = "a JSON list with a comma after its last entry"
            return Hint(what=what, filter=_WITHOUT_BRACKETS)
        return None
    value, end = first
    if not isinstance(value, (dict, list, str)):
        return None
    rest = "" if end is None else text[end:].lstrip(" \t\r")
    if rest.startswith(",") and isinstance(value, dict):
        return Hint(what="JSON objects with commas after them", filter=_WITHOUT_COMMAS)
    if (foreign := document_hint(value)) is not None:
        return foreign
    path = _path(value, DEPTH)
    if path is None:
        if isinstance(value, str):
            return None
        path = [EACH] if isinstance(value, list) else []
    one_line = "\n" not in text[:end].strip()
    if not path and one_line and rest[:1] in ("", "\n"):
        return _of_lines(text, model)
    updates = list(_updates(value, path))
    if (spelled := letters_hint(updates, of_values=False)) is not None:
        return spelled
    found = repairs(updates, model)
    what = found.what or _what(path, one_line=one_line)
    return Hint(what=what, filter=_jq([_filter(path), *found.steps]), advice=found.advice)


def _of_lines(text: str, model: UpdateModel) -> Hint | None:
    """Of JSON Lines only what is wrong with values in any of the first lines."""
    values = (_in_text(line) for line in text.split("\n")[:SAMPLES])
    updates = [each for each in values if isinstance(each, dict)]
    if (spelled := letters_hint(updates, of_values=True)) is not None:
        return spelled
    found = repairs(updates, model)
    if not found.what:
        return None
    return Hint(what=found.what, of_values=True, filter=_jq(found.steps), advice=found.advice)


def _jq(steps: list[str]) -> str:
    if len(steps) > 1 and steps[0] == ".":
        steps = steps[1:]
    return f"jq -c {shlex.quote(' | '.join(steps))}"


def _first_value(text: str) -> tuple[Any, int | None] | None:
    """The first JSON value of a text and where it ends; None for no JSON.

    One that is cut off has no end, and what is whole of it.
    """
    try:
        return json.JSONDecoder(parse_constant=_refuse).raw_decode(text)
    except (ValueError, RecursionError):
        pass
    open_, cut = "", (0, "")
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "{[":
            open_ += token
        elif token in "}]" and open_:
            open_ = open_[:-1]
            cut = match.end(), open_
        elif token == ",":
            cut = match.start(), open_
        elif token == '"' or len(open_) > 64:
            break
    closers = "".join(_CLOSED_BY[each] for each in reversed(cut[1]))
    try:
        return json.loads(text[: cut[0]] + closers, parse_constant=_refuse), None
    except (ValueError, RecursionError):
        return None


def _path(value: Any, depth: int) -> list[str] | None:
    """The steps from a value to the first update in it; None where there is none."""
    found: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        if any(name in value for name in _NAMES):
            return []
        found = list(value.items())
    elif isinstance(value, list):
        found = [(EACH, each) for each in value[:SAMPLES]]
    elif isinstance(value, str) and (inner := _in_text(value)) is not None:
        found = [(TEXT, inner)]
    for step, below in found if depth else ():
        if (rest := _path(below, depth - 1)) is not None:
            return [step, *rest]
    return None


def _in_text(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    """NaN and the like are no JSON."""
    raise ValueError(constant)


def _filter(path: list[str]) -> str:
    """The filter that follows these steps. Names that are not known are not in it."""
    keys = [step for step in path if step not in (EACH, TEXT)]
    if any(key not in _ENVELOPES for key in keys):
        return _EVERYWHERE_IN_TEXT if TEXT in path else _EVERYWHERE
    filters = [""]
    for step in path:
        if step == TEXT:
            filters += ["fromjson", ""]
        else:
            last = filters[-1]
            filters[-1] = (last or ".") + EACH if step == EACH else f"{last}.{step}"
    return " | ".join(filter(None, filters)) or "."


def _what(path: list[str], *, one_line: bool) -> str:
    """What an input is, by the steps to its updates."""
    keys = [step for step in path if step not in (EACH, TEXT)]
    if keys:
        return _ENVELOPES.get(keys[-1], "JSON with the updates further in")
    if TEXT in path:
        return "JSON within a text of JSON"
    if EACH in path:
        return "a JSON list"
    return "several JSON objects on a line" if one_line else "indented JSON"


def _updates(value: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    """The objects that the steps lead to."""
    if not path:
        if isinstance(value, dict):
            yield value
        return
    step, *rest = path
    if step == TEXT and isinstance(value, str):
        yield from _updates(_in_text(value), rest)
    elif step == EACH and isinstance(value, list):
        for each in value[:SAMPLES]:
            yield from _updates(each, rest)
    elif isinstance(value, dict):
        yield from _updates(value.get(step), rest)
