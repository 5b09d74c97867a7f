"""What a run is about to do, said before it starts."""

from collections import Counter
from collections.abc import Iterator, Mapping

from batcher.aws.client import AwsTarget
from batcher.cli.output.echo import echo
from batcher.cli.output.forecast import forecast_lines, likely_seconds, target_pace
from batcher.cli.output.omission import sends_text, shown_at
from batcher.cli.output.selected_part import part_lines
from batcher.cli.output.undo import undo_lines
from batcher.cli.output.wave_lines import wave_lines
from batcher.jobs.run import ReadyRun, SlowReading
from batcher.number_text import number, several
from batcher.updates.target_causes import TOGETHER_FROM, by_cause, cause_in, targets_text
from batcher.updates.target_places import places_text
from batcher.wiring.omissions import KnownOmissions

DOMAINS_SHOWN = 8
RECREATES = (
    "What an update can't put back is deleted and created anew (--recreate), one trigger at a time:"
    " its tags and its time of creation are lost, and so would be its integration: while one is"
    " attached, the trigger is left as it is."
)


def preview(run: ReadyRun) -> Iterator[str]:
    """Lines for people: how many updates, of what, where, how fast, how long; what is amiss."""
    state, inspection = run.state, run.state.inspection
    if state.restored:
        before, left = several(state.restored, "result"), several(state.left, "update")
        sent = len(state.in_flight) if state.spent.may_have_sent else 0
        may = f", of which {number(sent)} may have been applied already" if sent else ""
        yield f"Resuming: {before} from before, {left} left{may}."
    if state.finished is not None:
        yield f"{run.order.directory.path}: this run is finished, and nothing is left to do."
        return
    yield from part_lines(state.part, inspection.unmatched)
    yield from _unusable(run)
    targets, omissions = run.connection.targets, run.connection.lanes.omissions
    known = {name: omissions.known(target) for name, target in targets.items()}
    if len(targets) < TOGETHER_FROM:
        for name in targets:
            yield from _target(run, name, known[name])
    else:
        yield from _many(run, known)
    if run.order.following.recreate:
        yield RECREATES
    if invalid := state.invalid_left:
        yield f"{several(invalid, 'invalid line')} will be skipped."
    yield from run.warnings
    if run.slow_reading is not None:
        yield _no_images(run.slow_reading)
    yield from wave_lines(run.state)
    yield from forecast_lines(run)
    if run.deadline is None or not run.deadline.late:
        yield from undo_lines(run)
        verb = "would go" if run.order.dry_run else "go"
        yield f"Results {verb} to {run.order.directory.path}/"
    yield from _left_unsent(run)


def say_places(targets: Mapping[str, AwsTarget]) -> None:
    """Say on standard error which targets are looked at; of many all places together."""
    if len(targets) >= TOGETHER_FROM:
        places = places_text([target.identity for target in targets.values()])
        echo(f"Looks at {number(len(targets))} targets: {places}", err=True)
        return
    for target in targets.values():
        echo(f"Looks at {place_text(target)}", err=True)


def place_text(target: AwsTarget) -> str:
    """Account, Region, name and endpoint of a target."""
    protected = ", protected" if target.settings.protected else ""
    return f"{target.identity} (target {target.name}{protected}, {target.endpoint_url})"


def _unusable(run: ReadyRun) -> Iterator[str]:
    """Targets that can't be used, by cause."""
    found = run.connection.unusable
    for names in by_cause((cause_in(str(found[name]), name), name) for name in found):
        count = sum(_left_of(run, name) for name in names)
        updates, of = several(count, "update"), targets_text(names)
        stay = "stays as it is" if count == 1 else "stay as they are"
        yield f"{updates} of {of} can't be sent and {stay}: {found[names[0]]}"


def _left_unsent(run: ReadyRun) -> Iterator[str]:
    """How many updates there is no way to, as the last thing before the question."""
    if found := run.connection.unusable:
        names = [*found, *run.connection.targets]
        cannot, left = (sum(_left_of(run, name) for name in some) for some in (found, names))
        updates = f"{number(cannot)} of {number(left)}"
        yield f"{updates} updates can't be sent: {several(len(found), 'target')}."


def _left_of(run: ReadyRun, name: str) -> int:
    """How many updates of a target are to be sent."""
    lines = len(run.state.inspection.targets[name].lines)
    return min(lines, run.state.to_send_of(name))


def _many(run: ReadyRun, known: Mapping[str, KnownOmissions]) -> Iterator[str]:
    """Many targets: those together that are alike but for place and number of updates."""
    groups = by_cause((_likeness(run, name, each), name) for name, each in known.items())
    if len(groups) > 1:
        together = several(sum(_left_of(run, name) for name in known), "update")
        yield f"{together} to {number(len(known))} targets in all:"
    for names in groups:
        if len(names) == 1:
            yield from _target(run, names[0], known[names[0]])
        else:
            yield from _together(run, names, known)


def _likeness(run: ReadyRun, name: str, known: KnownOmissions) -> tuple[object, ...]:
    target, found = run.connection.targets[name], run.forecasts[name]
    settings = found.settings
    paced = (settings.ceiling, settings.burst, settings.share, found.known is None)
    endpoint = cause_in(target.endpoint_url, name)
    return (target.settings.protected, endpoint, *paced, _sends(run, known, aged=False))


def _together(
    run: ReadyRun, names: list[str], known: Mapping[str, KnownOmissions]
) -> Iterator[str]:
    """Targets that are alike: the sum of their updates, and the pace of what takes longest."""
    targets = [run.connection.targets[name] for name in names]
    indices = [run.state.inspection.targets[name] for name in names]
    sizes = sorted(_left_of(run, name) for name in names)
    each = (
        number(sizes[0]) if sizes[0] == sizes[-1] else f"{number(sizes[0])} to {number(sizes[-1])}"
    )
    protected = ", protected" if targets[0].settings.protected else ""
    places = places_text([target.identity for target in targets])
    of = f"{number(len(names))} targets{protected}"
    yield f"{several(sum(sizes), 'update')} to {of}, {each} each:"
    yield f"  {places}"
    yield f"  {targets_text(names)}; the first at {targets[0].endpoint_url}"
    domains = Counter[str]()
    for index in indices:
        domains.update(index.domains)
    if domains:
        yield f"  domains: {_domains(domains.most_common())}"
    slowest = max(names, key=lambda name: likely_seconds(run.forecasts[name]))
    paces = {target_pace(run.forecasts[name]) for name in names}
    whose = f" of target {slowest}, which takes longest" if len(paces) > 1 else " of each"
    yield f"  pace{whose}: {target_pace(run.forecasts[slowest])}"
    if not run.order.following.complete:
        oldest = min((known[name] for name in names), key=shown_at)
        yield f"  sends: {_sends(run, oldest)}"


def _target(run: ReadyRun, name: str, known: KnownOmissions) -> Iterator[str]:
    target, index = run.connection.targets[name], run.state.inspection.targets[name]
    where = place_text(target)
    updates = several(len(index.lines), "update")
    if (left := _left_of(run, name)) < len(index.lines):
        updates = f"{number(left)} of {updates}"
    if index.triggers:
        triggers, domains = (
            several(index.triggers, "trigger"),
            several(len(index.domains), "domain"),
        )
        yield f"{updates} to {triggers} in {domains} of {where}"
        yield f"  domains: {_domains(index.domains.most_common())}"
    else:  # they were counted by an earlier session
        yield f"{updates} in {where}"
    yield f"  pace: {target_pace(run.forecasts[name])}"
    if not run.order.following.complete:
        yield f"  sends: {_sends(run, known)}"


def _sends(run: ReadyRun, known: KnownOmissions, *, aged: bool = True) -> str:
    """What is sent for an update; ``aged``: with the age of what is known."""
    # where nobody said not to look, the first ones are looked at to find it out
    looks = run.looks or run.order.settings.before is None or run.order.settings.create_missing
    now = run.order.clock.wall() if aged else None
    return sends_text(known, looks=looks, now=now)


def _domains(counts: list[tuple[str, int]]) -> str:
    shown = ", ".join(f"{domain} {number(count)}" for domain, count in counts[:DOMAINS_SHOWN])
    more = len(counts) - DOMAINS_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")


def _no_images(slow: SlowReading) -> str:
    return (
        f"No before images, and so no rollback: target {slow.target} allows {slow.reading:.3g}"
        f" reads a second for {slow.writing:.3g} updates, so looking first would take"
        f" {slow.writing / slow.reading:.1f} times as long. --before looks all the same."
    )
