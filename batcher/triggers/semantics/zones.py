"""Time zones by name or offset, and how far local time is from UTC, in microseconds.

Total: a time beyond the calendar has the offset of the calendar's end.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from batcher.errors import SettingsError

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

EPOCH_DAY = datetime(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)
_FIRST = (1 - EPOCH_DAY + 1) * DAY  # a day within the calendar: offsets must not lead out of it
_LAST = (datetime.max.toordinal() - EPOCH_DAY - 1) * DAY
_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)


def _offset_text(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


_ENDS = (-12 * 60, 14 * 60)

OFFSETS = tuple(map(_offset_text, (*_ENDS, *range(_ENDS[0] + 15, _ENDS[1], 15))))
"""The offsets that clocks may show, as texts that ``zone`` reads; first those that differ most."""


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The zone of an IANA name, or of an offset such as ``+05:30``. Raises SettingsError."""
    if name == "UTC":
        return UTC
    if match := _OFFSET.fullmatch(name):
        minutes = int(match[2]) * 60 + int(match[3])
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # what ZoneInfo raises for names of all kinds
        raise SettingsError(
            f"timezone: {name!r} is no time zone. Give an IANA name such as Europe/Berlin, or an"
            " offset such as +02:00."
        ) from None


def offset_at(moment: int, known: tzinfo) -> int:
    """How far local time is ahead at a moment: microseconds since the epoch, UTC."""
    if isinstance(known, timezone):
        return _microseconds(known.utcoffset(None))
    at = _EPOCH + timedelta(microseconds=min(max(moment, _FIRST), _LAST))
    return _microseconds(at.replace(tzinfo=UTC).astimezone(known).utcoffset())


def offset_of_local(local: int, known: tzinfo) -> int:
    """How far local time is ahead where clocks show that: microseconds since 1970, local time."""
    if isinstance(known, timezone):
        return _microseconds(known.utcoffset(None))
    at = _EPOCH + timedelta(microseconds=min(max(local, _FIRST), _LAST))
    return _microseconds(at.replace(tzinfo=known).utcoffset())


def _microseconds(offset: timedelta | None) -> int:
    return 0 if offset is None else offset // timedelta(microseconds=1)
