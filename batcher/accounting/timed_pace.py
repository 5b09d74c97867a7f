"""How long work takes under a timetable: its intervals walked through, one after the other."""

from datetime import tzinfo
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from batcher.accounting.timetable import RATE_AT_MOST, Timetable, TimetableRule

YEAR = 366 * 86400.0  # seconds; what lasts longer never ends
PRECISION = 1e-3  # of a rate that is needed
LEAST_RATE = 1e-6  # per second


class TimedPace(Struct, frozen=True, kw_only=True):
    """What a timetable makes of work that begins at an instant.

    ``quota``: requests per second of which shares are meant, None: of the rate of the work;
    ``takes_rate``: whether the rates of rules are meant for it.
    """

    timetable: Timetable
    zone: tzinfo | None
    begin: float
    quota: float | None = None
    takes_rate: bool = True

    def seconds(self, requests: float, rate: float) -> float:
        """Seconds until so many requests have left, at that rate where no rule counts.

        Infinite where that takes more than a year of changing rules.
        """
        at, left = self.begin, requests
        while at - self.begin <= YEAR:
            pace = self._pace(self.timetable.rule_at(at, self.zone), rate)
            end = self.timetable.change_after(at, self.zone)
            length = inf if end is None else end - at
            if pace and left / pace <= length:
                return at - self.begin + left / pace
            if end is None:
                break
            left -= pace * length
            at = end
        return inf

    def rate_needed(self, requests: float, seconds: float) -> float:
        """The rate, of which shares are meant, at which they leave in time; infinite: at none."""
        timed = replace(self, quota=None)
        low, high = 0.0, RATE_AT_MOST
        if timed.seconds(requests, high) > seconds:
            return inf
        while high - low > PRECISION * high and high > LEAST_RATE:
            middle = (low + high) / 2
            late = timed.seconds(requests, middle) > seconds
            low, high = (middle, high) if late else (low, middle)
        return high

    def _pace(self, rule: TimetableRule | None, rate: float) -> float:
        if rule is None:
            return rate
        if rule.paused:
            return 0.0
        bounds = [rate]
        if rule.share is not None:
            bounds.append(rule.share * (self.quota or rate))
        if rule.rate is not None and self.takes_rate:
            bounds.append(rule.rate)
        return min(bounds)
