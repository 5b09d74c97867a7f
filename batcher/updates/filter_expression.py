"""Which definitions are meant, as a JMESPath expression: https://jmespath.org.

Nothing is evaluated but by that library. What it takes in silence is refused before any line is
read: see ``filter_check``.
"""

import re
from collections.abc import Mapping
from typing import Any

import jmespath.exceptions
import jmespath.parser

from batcher.errors import InputError
from batcher.updates.filter_check import FilterCheck, FilterFault
from batcher.updates.json_schema import Schema

LENGTH_AT_MOST = 10_000  # characters
WORDS = {"and": "&&", "or": "||", "not": "!", "is": "=="}

_ADDED: Schema = {"line": {"type": "integer"}}  # what an expression sees beside the line's members
_LAST_WORD = re.compile(r"(\w+)\s*\Z")
_CURLY_QUOTES = (
    "\N{LEFT SINGLE QUOTATION MARK}",
    "\N{RIGHT SINGLE QUOTATION MARK}",
    "\N{LEFT DOUBLE QUOTATION MARK}",
    "\N{RIGHT DOUBLE QUOTATION MARK}",
    "\N{ACUTE ACCENT}",
)


class FilterError(ValueError):
    """An expression that can't be evaluated on a definition: why. Quotes no value."""


class FilterExpression:
    """A JMESPath expression over a definition. ``schema``: of an update.

    Raises InputError, with the place and what to write, for one that is wrong.
    """

    def __init__(self, text: str, schema: Schema) -> None:
        self.text = text
        if not text.strip():
            raise InputError("--where: is empty. Leave it out to take all.")
        if len(text) > LENGTH_AT_MOST:
            raise InputError(f"--where: longer than {LENGTH_AT_MOST:,} characters.")
        line = {**schema, "properties": {**schema["properties"], **_ADDED}}
        try:
            self._parsed = jmespath.parser.Parser().parse(text)
            FilterCheck(schema).check_truth(self._parsed.parsed, line)
        except FilterFault as fault:
            raise InputError(f"--where: {fault}") from None
        except jmespath.exceptions.ParseError as error:  # those of the lexer are some of these
            raise InputError(_syntax(text, error)) from None
        except (RecursionError, ValueError) as error:
            raise InputError(f"--where: {_said(error)}.") from None

    def __repr__(self) -> str:
        return f"<FilterExpression {self.text}>"

    def matches(self, definition: Mapping[str, Any], line: int) -> bool:
        """Whether the expression is true: neither null, false nor empty. Raises FilterError."""
        try:
            found = self._parsed.search({**definition, "line": line})
        except jmespath.exceptions.JMESPathTypeError as error:
            raise FilterError(_wrong_type(error)) from None
        except (jmespath.exceptions.JMESPathError, RecursionError, ValueError, TypeError) as error:
            raise FilterError(_said(error)) from None
        return found is not None and found is not False and found not in ("", [], {})


def _said(error: Exception) -> str:
    """What is wrong, in words that quote no value."""
    match error:
        case jmespath.exceptions.ArityError():
            wanted, given = error.expected_arity, error.actual_arity
            return f"{error.function_name}() takes {wanted} arguments, and is given {given}"
        case RecursionError():
            return "is nested too deep"
    return "can't be evaluated"


def _wrong_type(error: jmespath.exceptions.JMESPathTypeError) -> str:
    wanted, given = " or ".join(error.expected_types), error.actual_type
    what = f"{error.function_name}() takes {wanted}, and here is {given}"
    if given == "null":
        return f"{what}; ask for the member first: SegmentFilter && contains(SegmentFilter, 'vip')"
    return what


def _syntax(text: str, error: jmespath.exceptions.ParseError) -> str:
    at = min(error.lex_position, len(text))
    return f"--where: no JMESPath expression, from character {at + 1} on. {_advice(text, at)}."


def _advice(text: str, at: int) -> str:
    """What to write, by the place where reading ended."""
    rest, last = text[at:], _LAST_WORD.search(text[:at])
    for word in (*re.findall(r"\A\w+", rest), *(last.groups() if last else ())):
        if (sign := WORDS.get(word.lower())) is not None:
            return f'In place of "{word}" write {sign}'
    if re.match(r"[-+.]?[0-9]", rest):
        return "Numbers stand in backticks: EventTriggerLimits.EventExpiration > `600000`"
    if rest.startswith("="):
        return "Equal is ==, and a text stands in single quotes: SegmentFilter == 'vip'"
    if rest.startswith(_CURLY_QUOTES):
        return "Quotes have to be straight: SegmentFilter == 'vip'"
    return (
        "Texts stand in single quotes, numbers in backticks, and is &&, or is ||:"
        " SegmentFilter == 'vip' && EventTriggerLimits.EventExpiration > `600000`"
    )
