"""What a value of an object or of a trigger is: a number, an instant, a text.

Total: whatever can't be read is None. Digits are those of ASCII.
"""

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.zones import (
    DAY,
    EPOCH_DAY,
    MINUTE,
    SECOND,
    offset_of_local,
    zone,
)

Number: TypeAlias = int | float
"""Whole numbers exactly, others as doubles; Python compares both without rounding."""

MILLISECONDS_FROM = 100_000_000_000  # as seconds: the year 5138; as milliseconds: March 1973
DIGITS_AT_MOST = 600  # of a whole number that is read exactly

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r" ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


class Instant(Struct, frozen=True, kw_only=True):
    """A date or time as microseconds since the epoch, UTC.

    ``last``: the last microsecond of the day where it is a date without a time, else ``at``.
    ``zone_missing``: it was read in the time zone of the options.
    """

    at: int
    last: int
    zone_missing: bool = False

    @property
    def is_day(self) -> bool:
        """Whether it is a date without a time."""
        return self.last != self.at


def parse_number(value: Any) -> Number | None:
    """The number of a JSON number, or of a text such as ``-1.5e3``; None for all else.

    Beyond the range of a double it is infinite, unless it is whole and written in digits.
    """
    match value:
        case bool():
            return None
        case int():
            return value
        case float():
            return None if math.isnan(value) else value
        case str():
            return _number_of(value)
    return None


def _number_of(text: str) -> Number | None:
    if len(text) <= DIGITS_AT_MOST and _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else None


def parse_instant(value: Any, options: SemanticsOptions) -> Instant | None:
    """The instant of an ISO 8601 text, or of epoch seconds or milliseconds, also as text.

    None for all else: days that no calendar has, and years before 1 or after 9999.
    """
    if isinstance(value, str):
        if value[-1:] == "Z" and (moment := _plain_time(value)) is not None:
            return Instant(at=moment, last=moment)
        if match := _ISO.fullmatch(value):
            return _iso(match, options)
    number = parse_number(value)
    if number is None or (isinstance(number, float) and not math.isfinite(number * SECOND)):
        return None
    at = round(number * _epoch_unit(number, options))
    return Instant(at=at, last=at)


def text_of(value: Any) -> str | None:
    """The text of a JSON text, number, true or false; None for all else.

    A whole number as its digits, another in its shortest form, such as ``0.1``.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return format(Decimal(value), "f")  # str of an int has a limit of digits
        case float() if math.isfinite(value):
            return repr(value)
    return None


def _plain_time(text: str) -> int | None:
    """A time such as ``2026-11-01T10:00:00Z``, in a third of the time; None leaves it to _ISO."""
    if text[4:5] != "-" or text[7:8] != "-" or text[10:11] != "T" or text[13:14] != ":":
        return None  # Python takes more spellings than are taken here
    if not text[-2:-1].isdigit():  # such as 23:Z
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if text[11:13] == "24" else (moment - _EPOCH) // _MICROSECOND


def _epoch_unit(number: Number, options: SemanticsOptions) -> int:
    in_seconds = options.epoch == "seconds" or (
        options.epoch == "auto" and abs(number) < MILLISECONDS_FROM
    )
    return SECOND if in_seconds else SECOND // 1000


def _iso(match: re.Match[str], options: SemanticsOptions) -> Instant | None:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - EPOCH_DAY
    except ValueError:
        return None
    if hour is None:
        return _day(days, options)
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:  # 60: a leap second
        return None
    seconds = (int(hour) * 60 + int(minute)) * 60 + int(second or 0)
    local = days * DAY + seconds * SECOND + int((fraction or "0")[:6].ljust(6, "0"))
    if offset is None:
        at = local - offset_of_local(local, zone(options.timezone))
        return Instant(at=at, last=at, zone_missing=True)
    if (ahead := _offset(offset)) is None:
        return None
    return Instant(at=local - ahead, last=local - ahead)


def _day(days: int, options: SemanticsOptions) -> Instant:
    known, start, end = zone(options.timezone), days * DAY, (days + 1) * DAY
    at, after = start - offset_of_local(start, known), end - offset_of_local(end, known)
    return Instant(at=at, last=after - 1, zone_missing=True)


def _offset(text: str) -> int | None:
    """Microseconds ahead of UTC; None for what no offset is, such as ``+99:00``."""
    if text in "Zz":
        return 0
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    if hours > 23 or minutes > 59:
        return None
    ahead = (hours * 60 + minutes) * MINUTE
    return -ahead if text[0] == "-" else ahead
