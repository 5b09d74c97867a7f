"""Which operators compare numbers, and what a text reads like that is no number and no date."""

import re
from datetime import date

ORDERED = frozenset({"GREATER_THAN", "LESS_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL"})
NUMERIC = ORDERED | {"EQUAL"}

_DIGIT = re.compile(r"[0-9]")
# digits with what people and spreadsheets put around and between them
_FOR_PEOPLE = re.compile(
    r"""
      (?: [A-Z]{3}\s++ | [A-Z]{,2}[^\w\s+-]{1,3}\s*+ )?  # EUR, US$, €
      (?: [+-]\s*+ )?
      [0-9][0-9.,'_\s]*+ (?: [eE][+-]?[0-9]++ )?
      (?: % | [^\d\s]{1,8} )?                           # a unit
    """,
    re.VERBOSE,
)
_NOW = re.compile(r"now\b", re.IGNORECASE)  # relative dates: now, now()
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


def is_number_for_people(text: str) -> bool:
    """Whether it is a number with blanks, a unit, or marks between digits, as in ``1,000 EUR``."""
    return _FOR_PEOPLE.fullmatch(text.strip()) is not None


def begins_with_day(text: str) -> bool:
    """Whether it begins as an ISO 8601 date does, be it a day that no calendar has."""
    return _ISO_DAY.match(text) is not None


def may_be_date(text: str) -> bool:
    """Whether it may be a date in a format that AWS does not tell of; else it is none at all."""
    if _DIGIT.search(text) is None:
        return _NOW.match(text) is not None
    return not _is_no_day(text)


def _is_no_day(text: str) -> bool:
    """Whether it begins with a day that no calendar has."""
    if (day := _ISO_DAY.match(text)) is None:
        return False
    try:
        date.fromisoformat(day[0])
    except ValueError:
        return True
    return False
