"""What of the events that match a trigger makes it fire: its segment, expiration and periods.

Pure: time is an argument, microseconds since the epoch, UTC.
"""

from collections.abc import Container, Mapping
from typing import Any, Literal, TypeAlias

from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.invocation_counter import NOTHING, InvocationCounter

MILLISECOND = 1000  # microseconds

Firing: TypeAlias = Literal["fired", "outside_segment", "expired", "over_limit"]
"""What becomes of an event that matches: it fires, or why it does not."""

Segments: TypeAlias = Mapping[str, Container[str]]
"""The profiles of each segment of which the members are known."""


class FiringLimits:
    """The limits of one trigger, and what its profiles have had of them.

    Events are to come in the order in which they are processed.
    """

    def __init__(
        self, definition: Mapping[str, Any], segments: Segments, options: FiringOptions
    ) -> None:
        limits = definition.get("EventTriggerLimits") or {}
        self._segment = definition.get("SegmentFilter") or None
        self._members = None if self._segment is None else segments.get(self._segment)
        self._expiration = limits.get("EventExpiration")
        self._options = options
        self._counter = InvocationCounter(limits, options)

    @property
    def unknowns(self) -> frozenset[str]:
        """The unknowns that could decide whether an event fires."""
        of_segment = {"unlisted"} if self._segment is not None and self._members is None else ()
        of_time = {"no_ingestion_time"} if self._expiration is not None else ()
        return self._counter.unknowns.union(of_segment, of_time)

    def judge(self, profile: str, at: int, delay: int | None) -> tuple[Firing, frozenset[str]]:
        """What becomes of an event of a profile that matches, and the unknowns that decide it.

        ``delay``: from the event to its processing, in microseconds; None where it is not known.
        """
        unknown = NOTHING
        if self._segment is not None:
            if self._members is None:
                unknown |= {"unlisted"}
                if self._options.unlisted == "outside":
                    return "outside_segment", unknown
            elif profile not in self._members:
                return "outside_segment", unknown
        if self._expiration is not None:
            if delay is None:
                unknown |= {"no_ingestion_time"}
                if self._options.no_ingestion_time == "late":
                    return "expired", unknown
            elif delay > self._expiration * MILLISECOND:
                return "expired", unknown
        fires, differing = self._counter.admit(profile, at)
        if not fires:
            return "over_limit", differing  # with or without the others
        return "fired", unknown | differing if differing else unknown
