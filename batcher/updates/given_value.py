"""A value that somebody wrote as a text, on a command line or in a cell, by the member it is for.

The type of the member in the service model decides: of ``24`` a text member makes "24", and a
number 24. No message quotes the text, which may be of a sensitive member.
"""

import json
import re
from typing import Any

from batcher.updates.json_schema import Schema
from batcher.updates.json_syntax import encodable, text_violations

_WHOLE = re.compile(r"([+-]?[0-9]{1,19})(?:[.,]0{1,2})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[., '][0-9]{3})+", re.ASCII)
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_ROUNDED = (
    "is written with an exponent, as spreadsheets shorten long numbers: write all of its digits"
)


class ValueTextError(ValueError):
    """A text that is no value of a member: why."""


def value_of(text: str, rule: Schema) -> Any:
    """The value that a text stands for. ``rule``: of the member, dereferenced.

    A text that begins with a double quote is JSON, also for a text member. Whether the model takes
    the value is not checked. Raises ValueTextError.
    """
    if text.casefold() == "null":
        raise ValueTextError(
            'no update can clear a member; for the word itself write it as a JSON text, "null"'
        )
    match rule.get("type"):
        case "string":
            return _json(text) if text.startswith('"') else _text(text)
        case "integer":
            return _integer(text)
        case "boolean":
            if text.lower() not in _BOOLEANS:
                raise ValueTextError("has to be true or false")
            return _BOOLEANS[text.lower()]
    return _json(text)


def is_shortened(text: str) -> bool:
    """Whether a text is a number that a spreadsheet has written with an exponent."""
    return _EXPONENT.fullmatch(text) is not None


def _text(text: str) -> str:
    if not encodable(text):
        raise ValueTextError("holds bytes that are no UTF-8")
    return text


def _integer(text: str) -> int:
    if (found := _WHOLE.fullmatch(text)) is not None:
        return int(found[1])
    if is_shortened(text):
        raise ValueTextError(_ROUNDED)
    if _GROUPED.fullmatch(text):
        raise ValueTextError("has to be an integer: digits only, none set off as thousands")
    raise ValueTextError("has to be an integer: digits only")


def _json(text: str) -> Any:
    said = _text(text)
    if violations := text_violations(said.encode(), frozenset()):
        raise ValueTextError(violations[0].message)
    return json.loads(said, parse_float=_number)


def _number(digits: str) -> float:
    if (number := float(digits)).is_integer():
        raise ValueTextError("holds an integer that has a point or an exponent: write its digits")
    return number
