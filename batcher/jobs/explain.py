"""Why a trigger fires on an event or not: its conditions, and those limits that one event shows.

Reads two files, changes nothing, and calls nobody.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from batcher.jobs.explained_inputs import ExplainedEvent, ExplainedTrigger
from batcher.triggers.semantics.assumptions import Assumption, assumed
from batcher.triggers.semantics.compiled_trigger import NO_MAPPING, compile_trigger
from batcher.triggers.semantics.explanation import TriggerVerdict
from batcher.triggers.semantics.firing_limits import Firing, FiringLimits, Segments
from batcher.triggers.semantics.firing_options import FIRING_BY_NAME, FiringOptions

NO_SEGMENTS: Segments = MappingProxyType({})

NO_PROFILE = "Whether its profile is in the segment: the event names none."
PERIODS = "How often it has fired before (Periods): batcher simulate counts that."
NO_CONDITIONS = (
    "The conditions that the trigger has today: the definition has none. An update without them may"
    " keep them; ask with the trigger itself, such as of batcher export."
)


class Explanation(Struct, frozen=True, kw_only=True):
    """Whether a trigger fires on an event, and why.

    ``fires``: the conditions match, and no limit that was looked at is in the way. ``depends_on``:
    the unknowns of which another choice alone changes that. ``limit``: what the limits say,
    whether the conditions match or not. ``not_looked_at``: sentences.
    """

    trigger: str
    event: str
    fires: bool
    depends_on: tuple[str, ...]
    limit: Firing
    verdict: TriggerVerdict
    assumptions: tuple[Assumption, ...]
    not_looked_at: tuple[str, ...]


def explain_trigger(
    trigger: ExplainedTrigger,
    event: ExplainedEvent,
    options: FiringOptions,
    mapping: Mapping[str, str] = NO_MAPPING,
    segments: Segments = NO_SEGMENTS,
) -> Explanation:
    """Hold one event against one trigger.

    ``mapping``: where its fields are, a path for each. ``segments``: members, as far as they are
    known; they count where the event names its profile. Raises SettingsError for a time zone that
    there is none of.
    """
    verdict = compile_trigger(trigger.definition, options, mapping).explain(
        event.object, event.object_type
    )
    known = NO_SEGMENTS if event.profile is None else segments
    limits = FiringLimits(trigger.definition, known, options)
    limit, deciding = limits.judge(event.profile or "", event.at or 0, event.delay)
    depends_on = set(verdict.depends_on) if limit == "fired" else set()
    if verdict.fires:
        depends_on |= deciding
    return Explanation(
        trigger=trigger.name,
        event=event.id,
        fires=verdict.fires and limit == "fired",
        depends_on=tuple(sorted(depends_on)),
        limit=limit,
        verdict=verdict,
        assumptions=(*verdict.assumptions, *_of_limits(limits.assumed(event.delay), options)),
        not_looked_at=tuple(_not_looked_at(trigger.definition, event)),
    )


def _not_looked_at(definition: Mapping[str, Any], event: ExplainedEvent) -> Iterator[str]:
    if not definition.get("EventTriggerConditions"):
        yield NO_CONDITIONS
    if definition.get("SegmentFilter") and event.profile is None:
        yield NO_PROFILE
    yield PERIODS


def _of_limits(names: frozenset[str], options: FiringOptions) -> tuple[Assumption, ...]:
    return tuple(assumed(options, FIRING_BY_NAME[name]) for name in sorted(names))
