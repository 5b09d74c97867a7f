"""From triggers that have taken all events to the report of a simulation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from msgspec.structs import replace

from batcher.jobs.simulated_definitions import SimulatedDefinition
from batcher.jobs.simulation_report import (
    EventCounts,
    ExplainedFiring,
    SegmentReach,
    SimulationReport,
    TriggerOutcome,
)
from batcher.triggers.semantics.assumptions import Assumption, assumed
from batcher.triggers.semantics.attribute_sights import AttributeSights
from batcher.triggers.semantics.firing_options import FIRING_UNKNOWNS, FiringOptions
from batcher.triggers.semantics.simulated_trigger import SimulatedTrigger
from batcher.triggers.semantics.simulation import Simulation

FILE_ORDER = "Events are processed in the order in which the file has them."
ATTACHED = "An integration names each trigger: one that none names never fires."
MEMBERS_STAY = "The members of a segment are those given, at the time of every event."


class _Order(Protocol):
    """As much of an order as a report needs."""

    @property
    def current(self) -> str | None: ...
    @property
    def segments(self) -> str | None: ...
    @property
    def options(self) -> FiringOptions: ...
    @property
    def top(self) -> int: ...


_Objects: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]
"""Some objects of each type."""

Pair: TypeAlias = tuple[SimulatedDefinition, SimulatedTrigger | None]


def simulation_report(
    pairs: Sequence[Pair],
    simulation: Simulation,
    order: _Order,
    segments: Mapping[str, set[str]],
    invalid: int,
    explained: list[ExplainedFiring],
) -> SimulationReport:
    """The report of a simulation that has taken all of its events."""
    return SimulationReport(
        compares=order.current is not None,
        triggers=[_outcome(*pair, segments, simulation.objects) for pair in pairs],
        events=EventCounts(
            seen=simulation.seen,
            invalid=invalid,
            unheard=simulation.unheard,
            out_of_order=simulation.out_of_order,
            without_domain=simulation.without_domain,
            zone_missing=simulation.zone_missing,
            first=simulation.first,
            last=simulation.last,
            other_types=list(simulation.other_types),
        ),
        evaluations=simulation.evaluations,
        profiles=simulation.profiles(),
        most_affected=simulation.most_affected(order.top),
        assumptions=list(_assumptions(pairs, order)),
        explained=explained,
    )


def _outcome(
    found: SimulatedDefinition,
    trigger: SimulatedTrigger | None,
    segments: Mapping[str, set[str]],
    objects: _Objects,
) -> TriggerOutcome:
    outcome = TriggerOutcome(
        target=found.key.target,
        domain=found.key.domain,
        trigger=found.key.trigger,
        lines=found.lines,
        basis=found.basis,
        lacking=found.lacking,
        error=found.error,
    )
    if trigger is None:
        return outcome
    sights = _sights(trigger, objects)
    return replace(
        outcome,
        unseen=sights.unseen,
        unreadable=sights.unreadable,
        attributes=sights.attributes,
        simulated=True,
        changed=trigger.is_changed,
        object_types=sorted(trigger.object_types),
        events=trigger.events,
        events_after=0 if trigger.new is None else trigger.new.asked,
        before=None if trigger.old is None else trigger.old.counts,
        after=None if trigger.new is None else trigger.new.counts,
        started=trigger.started,
        stopped=trigger.stopped,
        released=trigger.released,
        suppressed=trigger.suppressed,
        depends_on=dict(trigger.depends_on),
        segment=_reach(found, segments),
    )


def _sights(trigger: SimulatedTrigger, objects: _Objects) -> AttributeSights:
    """What objects say to the attributes of a trigger that will match nothing."""
    rule = trigger.new
    if rule is None or not rule.asked or rule.counts.matched:
        return AttributeSights()
    return rule.sights(objects.get(rule.object_type, ()))


def _reach(found: SimulatedDefinition, segments: Mapping[str, set[str]]) -> SegmentReach | None:
    """How the segment of a trigger changes; None where it stays as it is."""
    before = (found.old or {}).get("SegmentFilter") or None
    after = found.new.get("SegmentFilter") or None
    if before == after:
        return None
    old = None if before is None else segments.get(before)
    new = None if after is None else segments.get(after)
    known = old is not None and new is not None
    return SegmentReach(
        before=before,
        after=after,
        members_before=None if old is None else len(old),
        members_after=None if new is None else len(new),
        gained=len(new - old) if known else None,  # type: ignore[operator] # both are known
        lost=len(old - new) if known else None,  # type: ignore[operator] # both are known
    )


def _assumptions(pairs: Iterable[Pair], order: _Order) -> Iterator[Assumption]:
    """All that the counts rest on, each once."""
    definitions = [
        each
        for _, trigger in pairs
        if trigger is not None
        for each in (trigger.old, trigger.new)
        if each is not None
    ]
    compiled = (each.compiled for each in definitions if each.compiled is not None)
    yield from dict.fromkeys(each for one in compiled for each in one.assumptions)
    names = {name for each in definitions for name in each.firing_unknowns}
    if order.current is not None:
        names.add("omitted")
    for unknown in FIRING_UNKNOWNS:
        if unknown.name in names:
            yield assumed(order.options, unknown)
    yield from (Assumption(sentence=each) for each in (FILE_ORDER, ATTACHED))
    if order.segments is not None:
        yield Assumption(sentence=MEMBERS_STAY)
