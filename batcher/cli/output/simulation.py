"""What a simulation came to, as lines for people."""

from collections.abc import Iterator

from batcher.accounting.limit import Limit
from batcher.cli.output.columns import column_lines
from batcher.cli.output.explanation import UNKNOWN_BY_NAME, assumption_text, condition_lines
from batcher.cli.output.simulated_triggers import (
    detail_lines,
    held_back_lines,
    not_simulated_lines,
    trigger_lines,
)
from batcher.cli.output.simulation_json import moment_text
from batcher.foreign_text import shortened
from batcher.jobs.simulate import SimulationOrder
from batcher.jobs.simulation_report import EventCounts, SimulationReport
from batcher.number_text import number, several
from batcher.triggers.semantics.firing_limits import Firing

NAMED = 10
NAME = 200  # characters of a name
FIRINGS: dict[Firing | None, str] = {
    None: "it does not match",
    "fired": "it fires",
    "outside_segment": "it matches; its profile is outside the segment",
    "expired": "it matches; it is processed later than EventExpiration allows",
    "over_limit": "it matches; its profile has had as many firings as periods allow",
}


def simulation_lines(
    report: SimulationReport,
    order: SimulationOrder,
    limit: Limit | None,
    *,
    show_sensitive: bool = False,
) -> Iterator[str]:
    """Lines for people."""
    yield from _events(report.events, order)
    yield from _places(report)
    yield from not_simulated_lines(report)
    if not report.evaluations:
        yield _saw_nothing(report)
        return
    yield from trigger_lines(report)
    yield from detail_lines(report)
    yield from held_back_lines(report)
    yield from _profiles(report)
    yield from _totals(report, limit)
    if report.saw_nothing:
        yield ("No event has what these triggers compare: that nothing fires says nothing of them.")
    yield from _doubts(report)
    yield from _assumptions(report)
    yield from _explained(report, order, show_sensitive)


def _events(events: EventCounts, order: SimulationOrder) -> Iterator[str]:
    span = ""
    if events.first is not None and events.last is not None:
        span = f", from {moment_text(events.first)} to {moment_text(events.last)}"
    yield f"{several(events.seen, 'event')} of {order.events}{span}. Nothing was changed."
    if events.invalid:
        yield f"Left out, as no events: {several(events.invalid, 'line')}."
    if events.out_of_order:
        yield (
            f"Out of order: {several(events.out_of_order, 'event')}. Limits are counted right in"
            " order of time only: sort the file where that matters."
        )
    if events.zone_missing:
        zone = order.options.timezone
        yield f"Without a time zone: {several(events.zone_missing, 'event')}, taken as {zone}."


def _places(report: SimulationReport) -> Iterator[str]:
    """Where events may be counted for triggers that they did not reach."""
    domains = {each.domain for each in report.triggers}
    targets = {each.target for each in report.triggers}
    if report.events.without_domain and len(domains) > 1:
        yield (
            f"Without a domain: {several(report.events.without_domain, 'event')}, put to the"
            f" triggers of all {number(len(domains))} domains."
        )
    if len(targets) > 1:
        yield (
            "Events name no target: each was put to the triggers of all"
            f" {number(len(targets))} targets."
        )


def _saw_nothing(report: SimulationReport) -> str:
    wanted = sorted({name for each in report.triggers for name in each.object_types})
    if not wanted:
        return "Nothing was simulated: no trigger is known well enough."
    there = ", ".join(shortened(each, NAME) for each in report.events.other_types) or "none"
    domains = sorted({each.domain for each in report.triggers})
    return (
        f"Nothing was simulated: no event is of an object type ({', '.join(wanted[:NAMED])}) and"
        f" a domain ({', '.join(domains[:NAMED])}) of these triggers. Events are of {there}."
    )


def _profiles(report: SimulationReport) -> Iterator[str]:
    found = report.profiles
    if not report.compares:
        yield f"Profiles with a firing: {number(found.after)} after."
        return
    yield (
        f"Profiles with a firing: {number(found.before)} before, {number(found.after)} after;"
        f" {number(found.gained)} only after, {number(found.lost)} only before."
    )
    if report.most_affected:
        yield "The profiles of which most changes:"
        rows = [
            [
                shortened(each.profile, NAME),
                *map(number, (each.before, each.after, each.started, each.stopped)),
            ]
            for each in report.most_affected
        ]
        yield from column_lines(["profile", "fire before", "after", "start", "stop"], rows)


def _totals(report: SimulationReport, limit: Limit | None) -> Iterator[str]:
    if not report.compares:
        yield (
            f"{several(report.fired_after, 'firing')} after. What fires today is not known: give"
            " --current to compare."
        )
        return
    yield (
        f"New firings: {number(report.started)}; {number(report.stopped)} stop. Firings:"
        f" {number(report.fired_before)} before, {number(report.fired_after)} after."
    )
    if limit is not None and report.exceeds(limit):
        yield f"That is more than --max-new-firings {limit}."


def _doubts(report: SimulationReport) -> Iterator[str]:
    if report.depends_on:
        yield "What AWS does not say, and how many outcomes another reading of it changes:"
    for name, count in report.depends_on.most_common():
        unknown = UNKNOWN_BY_NAME[name]
        yield f"  {number(count)}: {unknown.label} ({unknown.flag})"


def _assumptions(report: SimulationReport) -> Iterator[str]:
    yield "Assumed:"
    for each in report.assumptions:
        yield f"  {assumption_text(each)}"


def _explained(
    report: SimulationReport, order: SimulationOrder, show_sensitive: bool
) -> Iterator[str]:
    """What becomes of the event that was asked for, and why, by each definition."""
    if order.explain is not None and not report.explained:
        yield f"No event {order.explain} is for any of these triggers: nothing to explain."
    for each in report.explained:
        yield f"Event {each.event} and {each.trigger}:"
        sides = (
            ("before", each.before, each.firing_before),
            ("after", each.after, each.firing_after),
        )
        for when, verdict, firing in sides:
            if verdict is None:
                yield f"  {when}: there is no such trigger, or none that is known"
                continue
            yield f"  {when}: {FIRINGS[firing]}"
            lines = condition_lines(verdict.conditions, show_sensitive=show_sensitive)
            yield from (f"  {line}" for line in lines)
