"""Events put to many triggers, before and after a change, and what that comes to.

Pure. Memory is bounded by triggers, profiles and windows, not by events.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from batcher.triggers.semantics.event_line import FIRST_MOMENT, Event
from batcher.triggers.semantics.simulated_trigger import EventVerdict, SimulatedTrigger

TYPES_NAMED = 5
OBJECTS_KEPT = 20  # of each object type
BITS = 40  # of each of four counts in one number: a trillion
STARTED, STOPPED, BEFORE, AFTER = (1 << place * BITS for place in range(4))
LOWEST = (1 << BITS) - 1


class ProfileFirings(Struct, frozen=True, kw_only=True):
    """The firings of one profile, of all triggers together."""

    profile: str
    before: int
    after: int
    started: int
    stopped: int


class ProfileCounts(Struct, frozen=True, kw_only=True):
    """How many profiles have a firing before and after, and how many only then.

    ``affected``: those of which an event starts or stops firing.
    """

    before: int
    after: int
    gained: int
    lost: int
    affected: int


class Simulation:
    """Triggers, and what the events that were taken make of them.

    ``seen``: events in all; ``unheard``: those of an object type or domain of no trigger, with the
    first few of their ``other_types``; ``objects``: the first few of each object type that triggers
    look at; ``without_domain``: events that may be of any domain; ``out_of_order``: those processed
    before one that came earlier; ``zone_missing``: those without a time zone; ``first`` and
    ``last``: the span of their times, microseconds.
    """

    def __init__(self, triggers: Iterable[SimulatedTrigger]) -> None:
        self.seen = self.unheard = self.out_of_order = self.zone_missing = 0
        self.evaluations = self.without_domain = 0
        self._processed = FIRST_MOMENT
        self.first: int | None = None
        self.last: int | None = None
        self.other_types: dict[str, None] = {}
        self.objects: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self._by_type: defaultdict[str, list[SimulatedTrigger]] = defaultdict(list)
        self._profiles: defaultdict[str, int] = defaultdict(int)
        for trigger in triggers:
            for object_type in trigger.object_types:
                self._by_type[object_type].append(trigger)

    def __repr__(self) -> str:
        return f"<Simulation: {self.seen:,} events, {len(self._profiles):,} profiles>"

    def take(self, event: Event) -> list[tuple[SimulatedTrigger, EventVerdict, EventVerdict]]:
        """Put an event to each trigger that looks at it; returns those, with both verdicts."""
        self._note(event)
        found = []
        domain = event.domain
        for trigger in self._by_type.get(event.object_type, ()):
            if domain is None or domain == trigger.domain:
                before, after = trigger.take(event)
                found.append((trigger, before, after))
                if before.firing is not None or after.firing is not None:
                    self._count(event.profile, before.fires, after.fires)
        self.evaluations += len(found)
        if not found:
            self.unheard += 1
            if len(self.other_types) < TYPES_NAMED:
                self.other_types[event.object_type] = None
        elif len(known := self.objects[event.object_type]) < OBJECTS_KEPT:
            known.append(event.object)
        return found

    def most_affected(self, most: int) -> list[ProfileFirings]:
        """The profiles of which most events start or stop firing, those that start first."""
        affected = ((name, packed) for name, packed in self._profiles.items() if _changes(packed))
        top = heapq.nsmallest(most, affected, key=_rank)
        return [_firings(name, packed) for name, packed in top]

    def profiles(self) -> ProfileCounts:
        """How many profiles the triggers reach."""
        before = after = gained = lost = affected = 0
        for packed in self._profiles.values():
            had, has = packed // BEFORE & LOWEST > 0, packed // AFTER > 0
            before, after = before + had, after + has
            gained, lost = gained + (has and not had), lost + (had and not has)
            affected += _changes(packed) > 0
        return ProfileCounts(
            before=before, after=after, gained=gained, lost=lost, affected=affected
        )

    def _note(self, event: Event) -> None:
        self.seen += 1
        self.zone_missing += event.zone_missing
        self.without_domain += event.domain is None
        if event.processed_at < self._processed:
            self.out_of_order += 1
        else:
            self._processed = event.processed_at
        self.first = event.at if self.first is None else min(self.first, event.at)
        self.last = event.at if self.last is None else max(self.last, event.at)

    def _count(self, profile: str, before: bool, after: bool) -> None:
        if before and after:
            self._profiles[profile] += BEFORE + AFTER
        elif after:
            self._profiles[profile] += AFTER + STARTED
        elif before:
            self._profiles[profile] += BEFORE + STOPPED


def _changes(packed: int) -> int:
    return (packed & LOWEST) + (packed // STOPPED & LOWEST)


def _rank(entry: tuple[str, int]) -> tuple[int, int, str]:
    profile, packed = entry
    return -_changes(packed), -(packed & LOWEST), profile


def _firings(profile: str, packed: int) -> ProfileFirings:
    return ProfileFirings(
        profile=profile,
        before=packed // BEFORE & LOWEST,
        after=packed // AFTER,
        started=packed & LOWEST,
        stopped=packed // STOPPED & LOWEST,
    )
