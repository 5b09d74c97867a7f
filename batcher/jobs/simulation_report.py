"""What a simulation came to: records, with one JSON shape, for programs and for people."""

from collections import Counter

from msgspec import Struct

from batcher.accounting.limit import Limit
from batcher.jobs.simulated_definitions import Basis
from batcher.records import Error
from batcher.triggers.semantics.assumptions import Assumption
from batcher.triggers.semantics.event_line import Event
from batcher.triggers.semantics.explanation import TriggerVerdict
from batcher.triggers.semantics.firing_limits import Firing
from batcher.triggers.semantics.simulated_trigger import (
    EventVerdict,
    FiringCounts,
    FiringRule,
    SimulatedTrigger,
)
from batcher.triggers.semantics.simulation import ProfileCounts, ProfileFirings


class SegmentReach(Struct, frozen=True, kw_only=True):
    """Segments before and after, None where all profiles are meant, and how many are in them.

    Counts are None where members are not given, and where all profiles are meant.
    """

    before: str | None
    after: str | None
    members_before: int | None = None
    members_after: int | None = None
    gained: int | None = None
    lost: int | None = None


class TriggerOutcome(Struct, frozen=True, kw_only=True):
    """What the events make of one trigger, with its definition before and after.

    ``events``: those of its object type and domain; ``events_after``: of the type it will have;
    ``unseen``: how many of its ``attributes`` are in none of the first few of these, and
    ``unreadable``: are no number or date there, though compared as one; asked where it will match
    nothing. ``before`` and ``after`` are None where there is no such definition, or
    none that is known (``basis``, ``lacking``, ``error``). The others as in SimulatedTrigger.
    """

    target: str
    domain: str
    trigger: str
    lines: tuple[int, ...]
    basis: Basis
    simulated: bool = False
    changed: bool = True
    object_types: list[str] = []
    events: int = 0
    events_after: int = 0
    before: FiringCounts | None = None
    after: FiringCounts | None = None
    started: int = 0
    stopped: int = 0
    released: int = 0
    suppressed: int = 0
    depends_on: dict[str, int] = {}
    segment: SegmentReach | None = None
    unseen: int = 0
    unreadable: int = 0
    attributes: int = 0
    lacking: list[str] = []
    error: Error | None = None

    @property
    def is_blind(self) -> bool:
        """Whether no event was for it as it will be, or none seen has what it will compare."""
        return not self.events_after or self.unreadable > 0 or 0 < self.attributes == self.unseen


class EventCounts(Struct, frozen=True, kw_only=True):
    """The events that were taken; the members are those of Simulation. Times: microseconds."""

    seen: int
    invalid: int
    unheard: int
    out_of_order: int
    without_domain: int
    zone_missing: int
    first: int | None
    last: int | None
    other_types: list[str]


class ExplainedFiring(Struct, frozen=True, kw_only=True):
    """Why one event matches a trigger or not, and what then becomes of it, before and after.

    None: there is no such definition, or it does not match. Holds what conditions and the event
    say.
    """

    event: str
    trigger: str
    before: TriggerVerdict | None
    after: TriggerVerdict | None
    firing_before: Firing | None
    firing_after: Firing | None

    @classmethod
    def of(
        cls, event: Event, trigger: SimulatedTrigger, before: EventVerdict, after: EventVerdict
    ) -> "ExplainedFiring":
        return cls(
            event=event.id,
            trigger=trigger.name,
            before=_explained(trigger.old, event),
            after=_explained(trigger.new, event),
            firing_before=before.firing,
            firing_after=after.firing,
        )


class SimulationReport(Struct, frozen=True, kw_only=True):
    """What a simulation came to.

    ``compares``: there is a before for all of it, with nothing where a trigger is new.
    """

    compares: bool
    triggers: list[TriggerOutcome]
    events: EventCounts
    evaluations: int
    profiles: ProfileCounts
    most_affected: list[ProfileFirings]
    assumptions: list[Assumption]
    explained: list[ExplainedFiring] = []

    @property
    def names_targets(self) -> bool:
        """Whether its triggers are of several targets, so that a name alone is not enough."""
        return len({each.target for each in self.triggers}) > 1

    @property
    def fired_before(self) -> int:
        return sum(each.before.fired for each in self.triggers if each.before is not None)

    @property
    def fired_after(self) -> int:
        return sum(each.after.fired for each in self.triggers if each.after is not None)

    @property
    def started(self) -> int:
        """Events that fire only after the change: the new firings."""
        return sum(each.started for each in self.triggers)

    @property
    def stopped(self) -> int:
        return sum(each.stopped for each in self.triggers)

    @property
    def depends_on(self) -> Counter[str]:
        """By unknown, how many outcomes another reading of it changes."""
        found = Counter[str]()
        for each in self.triggers:
            found.update(each.depends_on)
        return found

    @property
    def not_simulated(self) -> list[TriggerOutcome]:
        """The triggers of which too little is known."""
        return [each for each in self.triggers if not each.simulated]

    @property
    def saw_nothing(self) -> bool:
        """Whether no event was for any trigger, or had what one looks at: then 0 says nothing."""
        return all(each.is_blind for each in self.triggers)

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked for was simulated."""
        return not (self.saw_nothing or self.not_simulated)

    def exceeds(self, limit: Limit) -> bool:
        """Whether there are more new firings than that; P% is of the firings before."""
        return limit.exceeded_by(self.started, self.fired_before)


def _explained(definition: FiringRule | None, event: Event) -> TriggerVerdict | None:
    if definition is None:
        return None
    return definition.explain(event.object, event.object_type)
