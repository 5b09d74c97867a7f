"""The windows in which the firings of a trigger for one profile are counted.

Times are microseconds since the epoch, UTC. What AWS does not say is a row of ``firing_options``.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from batcher.errors import InputError
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.zones import DAY, MINUTE, offset_at, offset_of_local, zone

LENGTHS = {"MINUTES": MINUTE, "HOURS": 60 * MINUTE, "DAYS": DAY, "WEEKS": 7 * DAY}
MONTHS = "MONTHS"
SHORTEST_MONTH = 28 * DAY
LONGEST_MONTH = 31 * DAY
DEFAULT = {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 10}
"""What the admin guide says of a trigger without limits of its own."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4 * DAY  # the first one after the epoch


class FiringWindow(Struct, frozen=True, kw_only=True):
    """At most ``most`` firings in ``value`` times ``unit``.

    ``calendar``: the time zone whose minutes, days, months … are meant; None where a window ends
    at each firing, and so ``length`` is all there is to it.
    """

    most: int
    unit: str
    value: int
    length: int
    calendar: str | None = None

    @property
    def span(self) -> int:
        """How far back a firing may count, whatever the calendar."""
        if self.calendar is None:
            return self.length
        longest = self.value * LONGEST_MONTH if self.unit == MONTHS else self.length
        return longest + DAY  # clocks that are put back

    def before(self, at: int) -> int:
        """The last moment that is not in the window of a firing at that moment."""
        if self.calendar is None:
            return at - self.length
        return _block_start(at, self.unit, self.value, self.calendar) - 1


def firing_windows(limits: Mapping[str, Any], options: FiringOptions) -> tuple[FiringWindow, ...]:
    """The windows of EventTriggerLimits, without those that limit nothing.

    A period limits nothing where it is Unlimited, and where it gives no number. Raises InputError
    for a unit that is not known here.
    """
    periods = list(limits.get("Periods") or ())
    lifted = any(period.get("Unlimited") for period in periods)
    limited = any(period.get("MaxInvocationsPerProfile") for period in periods)
    if not lifted and (not limited or options.default_limit == "beside"):
        periods.append(DEFAULT)
    return tuple(_window(period, options) for period in _limiting(periods))


def _limiting(periods: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        period
        for period in periods
        if period.get("MaxInvocationsPerProfile") and not period.get("Unlimited")
    ]


def _window(period: Mapping[str, Any], options: FiringOptions) -> FiringWindow:
    unit, value = period["Unit"], period["Value"]
    length = int(options.month_days) * DAY if unit == MONTHS else LENGTHS.get(unit)
    if length is None:
        raise InputError(f"EventTriggerLimits.Periods: how long {unit} are is not known here.")
    return FiringWindow(
        most=period["MaxInvocationsPerProfile"],
        unit=unit,
        value=value,
        length=value * length,
        calendar=options.timezone if options.windows == "calendar" else None,
    )


def _block_start(at: int, unit: str, value: int, named: str) -> int:
    """When the block of calendar units began that a moment is in; blocks count from 1970 on."""
    known = zone(named)
    local = at + offset_at(at, known)
    if unit == MONTHS:
        start = _month_start(local, value)
    else:
        first, length = _MONDAY if unit == "WEEKS" else 0, value * LENGTHS[unit]
        start = (local - first) // length * length + first
    return start - offset_of_local(start, known)


def _month_start(local: int, value: int) -> int:
    """As microseconds of local time; beyond the years that a calendar has, the moment itself."""
    try:
        day = _EPOCH + timedelta(microseconds=local)
        months = (12 * (day.year - 1970) + day.month - 1) // value * value
        start = datetime(1970 + months // 12, months % 12 + 1, 1, tzinfo=UTC)
    except (OverflowError, ValueError):
        return local
    return (start - _EPOCH) // timedelta(microseconds=1)
