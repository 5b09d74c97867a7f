"""An HTTP request read to its end, and the members in it.

No checks against the model: those are ``constraints``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from batcher.emulator.errors import bad_request
from batcher.emulator.model import Json, MemberLocation, Operation

MAX_DEPTH = 64  # of JSON; the deepest request of the model has 9
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """A request as it came: ``path`` and ``query`` are raw (percent-encoded)."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def read_members(operation: Operation, labels: Mapping[str, str], received: HttpRequest) -> Json:
    """The members of a request, from path, query, headers and body.

    BadRequestException when they can't be read.
    """
    members = parse_body(received.body) if operation.has_body and received.body else {}
    query = _query(received.query) if received.query else {}
    for place in operation.places:
        if place.member in members:
            raise bad_request(
                f"The member {place.member} belongs in the {place.location}, not in the body"
            )
        match place.location:
            case "uri":
                members[place.member] = labels[place.name]
            case "querystring" if place.name in query:
                members[place.member] = _converted(place, query.pop(place.name))
            case "header" if place.name in received.headers:
                members[place.member] = _converted(place, [received.headers[place.name]])
    if query:
        raise bad_request(f"The query has the unknown parameter {min(query)!r}")
    return members


def parse_body(body: bytes) -> Json:
    """One JSON object; members that are null count as absent, as at AWS."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise bad_request(f"The body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise bad_request(f"The body is nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise bad_request(f"The body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object")
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        raise bad_request(f"The body is nested deeper than {MAX_DEPTH}")
    if b"\\u" in body:
        _refuse_lone_surrogates(value)
    return _without_nulls(value) if b"null" in body else value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _deeper_than(value: object, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [item for container in level for item in _items(container)]
        if not level:
            return False
    return True


def _items(value: object) -> list[Any]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
        case _:
            return []


def _refuse_lone_surrogates(value: Json) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise bad_request("The body has half a surrogate pair in a string") from None


def _without_nulls(value: Any) -> Any:
    match value:
        case dict():
            return {name: _without_nulls(item) for name, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value]
        case _:
            return value


def _query(raw: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(raw, keep_blank_values=True, errors="strict"):
            found.setdefault(name, []).append(value)
    except (UnicodeDecodeError, ValueError):
        raise bad_request("The query can't be read") from None
    return found


def _converted(place: MemberLocation, texts: list[str]) -> object:
    """Text as the member's type; what can't be converted stays text, for the check to refuse."""
    match place.type_name:
        case "list":
            return texts
        case "integer" | "long":
            digits = texts[-1].removeprefix("-")
            return (
                int(texts[-1])
                if digits.isascii() and digits.isdigit() and len(digits) < 20
                else texts[-1]
            )
        case "boolean":
            return BOOLEANS.get(texts[-1], texts[-1])
        case _:
            return texts[-1]
