"""Whether another time zone could change what a date operator says of a value.

Clocks differ by at most 26 hours, and a day has up to 25: what is further apart than both stays so
in every zone.
"""

from collections.abc import Callable, Sequence
from datetime import timezone
from typing import Any

from batcher.triggers.semantics.comparing import comparable
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.ordered_tests import instant_reader
from batcher.triggers.semantics.values import Instant
from batcher.triggers.semantics.zones import DAY, zone

CLOSE = 3 * DAY


def zone_doubt(
    operator: str, values: Sequence[str], options: SemanticsOptions
) -> Callable[[Any], bool]:
    """Whether a value is so close to one of the trigger's that the time zone could matter."""
    read = instant_reader(options)
    known = [each.strip() for each in values] if options.trim else values
    bounds = [bound for each in known if (bound := read(each)) is not None]
    by_day = operator == "ON" and options.on == "day"
    is_fixed = isinstance(zone(options.timezone), timezone)

    def depends(instant: Instant, bound: Instant) -> bool:
        if instant.zone_missing and bound.zone_missing and is_fixed:
            return False  # every other offset moves both alike
        if not (by_day or instant.zone_missing or bound.zone_missing):
            return False
        return abs(instant.at - bound.at) < CLOSE

    def doubt(value: Any) -> bool:
        instants = comparable(value, read, options)
        return any(depends(instant, bound) for instant in instants for bound in bounds)

    return doubt
