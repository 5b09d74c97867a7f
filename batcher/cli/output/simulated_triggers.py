"""What a simulation says of single triggers, as lines for people."""

from collections.abc import Callable, Iterator

from batcher.cli.output.columns import column_lines
from batcher.jobs.simulation_report import SegmentReach, SimulationReport, TriggerOutcome
from batcher.number_text import number, several
from batcher.triggers.semantics.simulated_trigger import FiringCounts
from batcher.updates.trigger_name import name_of

TRIGGERS_SHOWN = 40
HELD_BACK: dict[str, Callable[[FiringCounts], int]] = {
    "by periods": lambda counts: counts.over_limit,
    "by EventExpiration": lambda counts: counts.expired,
    "outside the segment": lambda counts: counts.outside_segment,
}


def not_simulated_lines(report: SimulationReport) -> Iterator[str]:
    names_targets = report.names_targets
    for each in report.not_simulated[:TRIGGERS_SHOWN]:
        yield f"{name_of(each, names_targets=names_targets)}: not simulated: {_why_not(each)}"
    if (more := len(report.not_simulated) - TRIGGERS_SHOWN) > 0:
        yield f"… and {several(more, 'trigger')} more that were not simulated."


def _why_not(outcome: TriggerOutcome) -> str:
    if outcome.basis == "unreadable" and outcome.error is not None:
        return f"it can't be read: {outcome.error.code}: {outcome.error.message}"
    lacking = " and ".join(outcome.lacking)
    if outcome.basis == "not_given":
        return f"its updates do not say its {lacking}. Give the triggers as they are: --current."
    return f"neither its updates nor --current say its {lacking}."


def trigger_lines(report: SimulationReport) -> Iterator[str]:
    """A table of the triggers, those that change most first."""
    found = [each for each in report.triggers if each.simulated]
    found.sort(key=lambda each: -(each.started + each.stopped))
    if report.compares:
        row, heads = _row, ["fire before", "after", "start", "stop", "held back"]
    else:
        row, heads = _row_after, ["fire after", "held back"]
    names_targets = report.names_targets
    rows = [
        [name_of(each, names_targets=names_targets), number(each.events), *row(each)]
        for each in found[:TRIGGERS_SHOWN]
    ]
    yield from column_lines(["trigger", "events", *heads], rows)
    if (more := len(found) - TRIGGERS_SHOWN) > 0:
        yield f"… and {several(more, 'trigger')} more; --json has all."


def _row(each: TriggerOutcome) -> list[str]:
    old, new = each.before, each.after
    held = "-" if old is None else number(old.matched - old.fired)
    held += " → " + ("-" if new is None else number(new.matched - new.fired))
    return [
        "-" if old is None else number(old.fired),
        "-" if new is None else number(new.fired),
        number(each.started),
        number(each.stopped),
        held,
    ]


def _row_after(each: TriggerOutcome) -> list[str]:
    new = each.after or FiringCounts()
    return [number(new.fired), number(new.matched - new.fired)]


def detail_lines(report: SimulationReport) -> Iterator[str]:
    """What is to be said of single triggers."""
    simulated = (each for each in report.triggers if each.simulated)
    names_targets = report.names_targets
    lines = [
        f"{name_of(each, names_targets=names_targets)}: {line}"
        for each in simulated
        for line in _detail(each, report)
    ]
    yield from lines[:TRIGGERS_SHOWN]
    if (more := len(lines) - TRIGGERS_SHOWN) > 0:
        yield f"… and {number(more)} more of these; --json has all."


def _detail(each: TriggerOutcome, report: SimulationReport) -> Iterator[str]:
    if each.basis == "missing":
        yield "is not in --current: all its firings are new."
    if not each.events:
        yield "no event was for it: this says nothing of it."
    elif not each.events_after:
        yield "no event is of the object type that it will have: what starts is not known."
    elif each.unreadable:
        yield (
            f"nothing will match, and for {number(each.unreadable)} of the"
            f" {number(each.attributes)} attributes that it looks at the first events have no"
            " number or date, which these are compared as: 12,50 is none, 12.50 is."
        )
    elif each.unseen:
        yield (
            f"nothing will match, and {number(each.unseen)} of the {number(each.attributes)}"
            " attributes that it looks at are in none of the first events. Are they called"
            " otherwise there? --mapping says where a FieldName is."
        )
    elif not each.changed:
        yield "nothing is changed that decides what fires."
    if each.segment is not None and report.compares:
        yield _reach(each.segment)


def held_back_lines(report: SimulationReport) -> Iterator[str]:
    """How many events match and do not fire, and why."""
    parts = []
    old = [each.before for each in report.triggers if each.before is not None]
    new = [each.after for each in report.triggers if each.after is not None]
    for label, count in HELD_BACK.items():
        before, after = sum(map(count, old)), sum(map(count, new))
        if before or after:
            counts = f"{number(before)} → {number(after)}" if report.compares else number(after)
            parts.append(f"{counts} {label}")
    if parts:
        yield f"Held back, though they match: {', '.join(parts)}."
    released = sum(each.released for each in report.triggers)
    suppressed = sum(each.suppressed for each in report.triggers)
    if released or suppressed:
        yield (
            f"Of events that match before and after, limits and segments release"
            f" {number(released)} and hold back {number(suppressed)}."
        )


def _reach(segment: SegmentReach) -> str:
    old, new = segment.before or "all profiles", segment.after or "all profiles"
    said = f"segment {old} → {new}"
    counts = segment.members_before, segment.members_after
    if segment.gained is not None and segment.lost is not None:
        return (
            f"{said}: {number(counts[0] or 0)} → {several(counts[1] or 0, 'member')},"
            f" {number(segment.gained)} gained, {number(segment.lost)} lost."
        )
    for name, count, other in zip((old, new), counts, (segment.after, segment.before), strict=True):
        if count is not None:
            unknown = f"; of {other} no members are given" if other else ""
            return f"{said}: {name} has {several(count, 'member')}{unknown}."
    return f"{said}: how many profiles that are is not known; give --segments."
