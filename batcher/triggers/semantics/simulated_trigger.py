"""One trigger before and after a change: of each event, whether it fires with either definition.

Pure. Counts; holds of a profile what limits need, and no event.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from batcher.triggers.diff import same
from batcher.triggers.semantics.attribute_sights import AttributeSights
from batcher.triggers.semantics.compiled_trigger import CompiledTrigger
from batcher.triggers.semantics.compiled_triggers import MATCHING, CompiledTriggers
from batcher.triggers.semantics.event_line import Event
from batcher.triggers.semantics.explanation import TriggerVerdict
from batcher.triggers.semantics.firing_limits import Firing, FiringLimits, Segments
from batcher.triggers.semantics.invocation_counter import NOTHING

DECIDING = (*MATCHING, "SegmentFilter", "EventTriggerLimits")
"""The members that decide whether an event fires."""


class FiringCounts(Struct, kw_only=True):
    """What became of the events that match one definition.

    ``over_limit``: held back by a period or the default; ``expired``: by EventExpiration;
    ``outside_segment``: by SegmentFilter. The four are together ``matched``.
    """

    matched: int = 0
    fired: int = 0
    over_limit: int = 0
    expired: int = 0
    outside_segment: int = 0

    def add(self, firing: Firing) -> None:
        self.matched += 1
        if firing == "fired":
            self.fired += 1
        elif firing == "over_limit":
            self.over_limit += 1
        elif firing == "expired":
            self.expired += 1
        else:
            self.outside_segment += 1


class EventVerdict(Struct, frozen=True, kw_only=True):
    """What becomes of an event; None: it does not match. ``unknowns``: what decides if it fires."""

    firing: Firing | None = None
    unknowns: frozenset[str] = NOTHING

    @property
    def fires(self) -> bool:
        return self.firing == "fired"


NO_MATCH = EventVerdict()


class FiringRule:
    """One definition of a trigger, with what its profiles have had of its limits.

    ``compiled``: None until it was asked of an event; ``asked``: of how many, of its object type.
    Until then it takes hardly more than its members, which may be such as are read when needed.
    """

    __slots__ = (
        "_compiled",
        "_limits",
        "_members",
        "_segments",
        "asked",
        "compiled",
        "counts",
        "object_type",
    )

    def __init__(
        self, members: Mapping[str, Any], segments: Segments, compiled: CompiledTriggers
    ) -> None:
        self.object_type = str(members["ObjectTypeName"])
        self.counts = FiringCounts()
        self.asked = 0
        self.compiled: CompiledTrigger | None = None
        self._members = members
        self._segments = segments
        self._compiled = compiled
        self._limits: FiringLimits | None = None

    @property
    def firing_unknowns(self) -> frozenset[str]:
        """The unknowns of firing that could decide what becomes of an event that matches."""
        return (self._limits or self._new_limits()).unknowns

    def _new_limits(self) -> FiringLimits:
        return FiringLimits(self._members, self._segments, self._compiled.options)

    def _compile(self) -> CompiledTrigger:
        return self._compiled.of(self._members)

    def sights(self, objects: Sequence[Mapping[str, Any]]) -> AttributeSights:
        """What these objects say to its attributes."""
        return self._compile().sights(objects)

    def explain(self, found: Mapping[str, Any], object_type: str | None = None) -> TriggerVerdict:
        """What every condition, dimension and attribute says of an object."""
        return self._compile().explain(found, object_type)

    def judge(self, event: Event) -> EventVerdict:
        """What becomes of an event, which is counted."""
        if event.object_type != self.object_type:
            return NO_MATCH
        self.asked += 1
        if (compiled := self.compiled) is None:
            compiled = self.compiled = self._compile()
        if (limits := self._limits) is None:
            limits = self._limits = self._new_limits()
        matches, unknowns = compiled.verdict(event.object)
        taken = event.profile, event.processed_at, event.delay
        if not matches:
            decides = unknowns and limits.allow(*taken)
            return EventVerdict(unknowns=unknowns) if decides else NO_MATCH
        firing, more = limits.judge(*taken)
        self.counts.add(firing)
        if firing == "fired" and unknowns:
            more |= unknowns
        return EventVerdict(firing=firing, unknowns=more)


class SimulatedTrigger:
    """A trigger with its definition before and after; None: there is none, or none is known.

    ``domain``: events of another one are not for it; ``name``: with its domain. ``started`` and
    ``stopped`` are events that fire only after and only before; ``released`` and ``suppressed``
    those among them that match both ways, so that limits or the segment alone decide.
    ``depends_on``: by unknown, the events that fire or do not by another reading of it alone.
    """

    __slots__ = (
        "depends_on",
        "domain",
        "events",
        "name",
        "new",
        "old",
        "released",
        "started",
        "stopped",
        "suppressed",
    )

    def __init__(
        self,
        domain: str,
        name: str,
        old: Mapping[str, Any] | None,
        new: Mapping[str, Any] | None,
        segments: Segments,
        compiled: CompiledTriggers,
    ) -> None:
        self.domain = domain
        self.name = f"{domain}/{name}"
        self.events = self.started = self.stopped = self.released = self.suppressed = 0
        self.depends_on = Counter[str]()
        self.old = None if old is None else FiringRule(old, segments, compiled)
        if old is not None and new is not None and same(_deciding(new), _deciding(old)):
            self.new = self.old
        else:
            self.new = None if new is None else FiringRule(new, segments, compiled)

    @property
    def is_changed(self) -> bool:
        """Whether anything is other after than before that decides what fires."""
        return self.old is not self.new

    @property
    def object_types(self) -> set[str]:
        """Whose objects it looks at, before or after."""
        return {each.object_type for each in (self.old, self.new) if each is not None}

    def take(self, event: Event) -> tuple[EventVerdict, EventVerdict]:
        """Count an event; returns its verdicts before and after."""
        self.events += 1
        before = NO_MATCH if self.old is None else self.old.judge(event)
        if self.new is self.old:
            after = before
        else:
            after = NO_MATCH if self.new is None else self.new.judge(event)
            self._compare(before, after)
        if before.unknowns or after.unknowns:
            self.depends_on.update(before.unknowns | after.unknowns)
        return before, after

    def _compare(self, before: EventVerdict, after: EventVerdict) -> None:
        if before.fires is after.fires:
            return
        matches_both = before.firing is not None and after.firing is not None
        if after.fires:
            self.started += 1
            self.released += matches_both
        else:
            self.stopped += 1
            self.suppressed += matches_both


def _deciding(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: members.get(name) for name in DECIDING}
