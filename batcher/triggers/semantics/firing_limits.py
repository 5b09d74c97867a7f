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
        is_unlisted = self._segment is not None and self._members is None
        self._assumed = frozenset({"unlisted"}) if is_unlisted else NOTHING
        of_time = NOTHING if self._expiration is None else frozenset({"no_ingestion_time"})
        self._assumed_without_delay = self._assumed | of_time

    @property
    def unknowns(self) -> frozenset[str]:
        """The unknowns that could decide whether an event fires."""
        return self._counter.unknowns | self.assumed(None)

    def judge(self, profile: str, at: int, delay: int | None) -> tuple[Firing, frozenset[str]]:
        """What becomes of an event of a profile that matches, and which unknowns decide it.

        These are the ones of which another choice alone changes whether it fires. ``delay``: from
        the event to its processing, in microseconds; None where it is not known.
        """
        held_back = self._held_back(profile, delay)
        if not held_back:
            fires, differing = self._counter.admit(profile, at)
            return (
                ("fired", differing | self.assumed(delay)) if fires else ("over_limit", differing)
            )
        (firing, unknown), *others = held_back.items()
        if unknown is None or others or not self._counter.allows(profile, at):
            return firing, NOTHING
        return firing, frozenset((unknown,))

    def allow(self, profile: str, at: int, delay: int | None) -> bool:
        """Whether an event would fire if it matched; nothing is counted."""
        return not self._held_back(profile, delay) and self._counter.allows(profile, at)

    def assumed(self, delay: int | None) -> frozenset[str]:
        """What has to be assumed of an event to say whether segment and age hold it back."""
        return self._assumed_without_delay if delay is None else self._assumed

    def _held_back(self, profile: str, delay: int | None) -> dict[Firing, str | None]:
        """What holds an event back before periods do, each with the unknown that it rests on."""
        found: dict[Firing, str | None] = {}
        if self._segment is not None:
            if self._members is None:
                if self._options.unlisted == "outside":
                    found["outside_segment"] = "unlisted"
            elif profile not in self._members:
                found["outside_segment"] = None
        if self._expiration is not None:
            if delay is None:
                if self._options.no_ingestion_time == "late":
                    found["expired"] = "no_ingestion_time"
            elif delay > self._expiration * MILLISECOND:
                found["expired"] = None
        return found
