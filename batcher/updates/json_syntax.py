"""Why a text is not the JSON of a line: encoding, syntax, nesting, members given twice.

The slow and exact half of reading a line, asked only when the fast half refuses or something looks
odd. It says where, and never quotes the text.
"""

import json
import math
import re
from itertools import accumulate
from typing import Any

from batcher.updates.violations import Violation

NESTING_AT_MOST = 64

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


class _NoNumber(ValueError):
    """A constant such as NaN, which JSON does not have."""


def text_violations(raw: bytes, names: frozenset[str]) -> list[Violation]:
    """What keeps bytes from being JSON that can be read in one way only; empty for good ones.

    ``names``: the member names that may be shown.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Violation(message=f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8")]
    if nesting(text) > NESTING_AT_MOST:
        return [Violation(message=f"nested more than {NESTING_AT_MOST} levels deep")]
    twice: list[str] = []
    try:
        value = _load(text, twice)
    except json.JSONDecodeError as error:
        another = error.msg == "Extra data" and text[error.pos] in '{["'
        what = "another value after the first" if another else _lower(error.msg)
        return [Violation(message=f"not JSON: {what} at character {error.pos + 1}")]
    except _NoNumber as error:
        return [Violation(message=f"not JSON: {error} is no JSON number")]
    except ValueError:  # more digits than Python reads, or 1e999
        return [Violation(message="holds a number that is out of range")]
    if not encodable(value):
        half = "half of a surrogate pair (\\ud800 to \\udfff)"
        return [Violation(message=f"holds {half}; such text can't be sent")]
    again = "a member is given twice in one object"
    return [Violation(path=name if name in names else "", message=again) for name in twice]


def nesting(text: str) -> int:
    """How many objects and lists stand open at once in a JSON text, at most."""
    brackets = _BRACKET.findall(_STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def encodable(value: object) -> bool:
    """Whether every string in plain JSON can be written as UTF-8, whatever else is in it."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _load(text: str, twice: list[str]) -> Any:
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: _object(pairs, twice),
        parse_constant=_refuse,
        parse_float=_finite,
    )


def _object(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            twice.append(name)
        found[name] = value
    return found


def _refuse(constant: str) -> None:
    raise _NoNumber(constant)


def _finite(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(digits)
    return number


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
