"""Whether another time zone could change what a date operator says of a value.

Clocks are from 12 hours behind UTC to 14 ahead. A date without an offset moves with the clocks, and
so do the days of ON; whatever is further from it than that stays where it is in every zone.
"""

from collections.abc import Callable, Sequence
from datetime import timezone
from typing import Any

from batcher.triggers.semantics.comparing import comparable
from batcher.triggers.semantics.elements import trimmed
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.ordered_tests import instant_reader
from batcher.triggers.semantics.values import Instant
from batcher.triggers.semantics.zones import DAY, offset_at, zone

BEHIND, AHEAD = DAY // 2, 14 * DAY // 24  # at most
CLOSE = 3 * DAY  # more than a day of 25 hours and all that clocks differ by


def zone_doubt(
    operator: str, values: Sequence[str], options: SemanticsOptions
) -> Callable[[Any], bool]:
    """Whether a value is so close to one of the trigger's that the time zone could matter."""
    read = instant_reader(options)
    known = map(read, trimmed(values, options))
    bounds = [bound for bound in known if bound is not None]
    depends = _closeness(operator, bounds, options)

    def doubt(value: Any) -> bool:
        instants = comparable(value, read, options)
        return any(depends(instant, bound) for instant in instants for bound in bounds)

    return doubt


def _closeness(
    operator: str, bounds: Sequence[Instant], options: SemanticsOptions
) -> Callable[[Instant, Instant], bool]:
    here = zone(options.timezone)
    by_day = operator == "ON" and options.on == "day"
    are_mixed = "BETWEEN" in operator and len({bound.zone_missing for bound in bounds}) > 1
    if not isinstance(here, timezone) or are_mixed:  # ends that move past each other, too

        def is_close(instant: Instant, bound: Instant) -> bool:
            moves = by_day or instant.zone_missing or bound.zone_missing
            return (moves or are_mixed) and abs(instant.at - bound.at) < CLOSE

        return is_close
    spare, ahead = DAY if by_day else 0, offset_at(0, here)
    earlier, later = ahead - AHEAD - spare, ahead + BEHIND + spare

    def is_reached(instant: Instant, bound: Instant) -> bool:
        if instant.zone_missing and bound.zone_missing:
            return False  # every other offset moves both alike
        if not (instant.zone_missing or bound.zone_missing):
            return by_day and abs(instant.at - bound.at) < DAY
        moving, fixed = (instant, bound) if instant.zone_missing else (bound, instant)
        return moving.at + earlier <= fixed.at <= moving.last + later

    return is_reached
