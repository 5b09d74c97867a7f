"""Whether work can be done by a deadline: how long it takes, and which rate it would need.

Arithmetic only; the time of day is an argument. Where rates come from is not known here.
"""

import re
from datetime import datetime, timedelta

from msgspec import Struct

from batcher.accounting.timed_pace import TimedPace
from batcher.text_value import TextValue

SECONDS = {"h": 3600, "m": 60, "s": 1}
LENGTH = r"(?=.*[1-9])(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?"


def _seconds(text: str) -> float:
    parts = re.findall(r"(\d+)([hms])", text)
    return float(sum(int(number) * SECONDS[unit] for number, unit in parts))


class LengthOfTime(TextValue):
    """A length of time, not zero: ``2h``, ``90m``, ``1h30m``, ``45s``."""

    PATTERN = rf"^{LENGTH}\Z"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.seconds = _seconds(text)


class Deadline(TextValue):
    """``06:00``, a local time of day; or a duration, not zero: ``2h``, ``90m``, ``1h30m``."""

    PATTERN = rf"^(([01]\d|2[0-3]):[0-5]\d|{LENGTH})\Z"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        hour, colon, minute = text.partition(":")
        self._time_of_day = (int(hour), int(minute)) if colon else None
        self._duration = _seconds(text)

    def seconds_from(self, now: datetime) -> float:
        """Seconds from ``now`` (local, naive); a time of day is the next such moment."""
        if self._time_of_day is None:
            return self._duration
        hour, minute = self._time_of_day
        at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return (at if at > now else at + timedelta(days=1)).timestamp() - now.timestamp()


def clock_after(now: datetime, seconds: float) -> datetime:
    """The local time so many seconds after ``now`` (local, naive), also when clocks change."""
    return datetime.fromtimestamp(now.timestamp() + seconds)


class Workload(Struct, frozen=True, kw_only=True):
    """What one target has left to do.

    ``updates`` go at ``rate`` per second (None: not known yet), after a burst of ``burst``;
    ``timed``: a timetable that pauses it, and slows it down.
    """

    updates: int
    rate: float | None
    burst: float = 1.0
    timed: TimedPace | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds that it takes; the burst leaves at once. Infinite where it never ends."""
        if self.rate is None:
            return None
        beyond = max(0.0, self.updates - self.burst)
        if self.timed is None or not self.updates:
            return beyond / self.rate
        return self.timed.seconds(beyond, self.rate)

    def rate_needed(self, seconds: float) -> float:
        """The rate (per second) at which it is done in time; infinite when there is no time."""
        beyond = max(0.0, self.updates - self.burst)
        if self.timed is not None and self.updates:
            return self.timed.rate_needed(beyond, seconds)
        return beyond / seconds if seconds > 0 else float("inf") if beyond else 0.0


def longest(works: list[Workload]) -> float | None:
    """Seconds that all targets take side by side; None when those of one are not known."""
    known = [work.seconds for work in works if work.seconds is not None]
    return max(known, default=0.0) if len(known) == len(works) else None
