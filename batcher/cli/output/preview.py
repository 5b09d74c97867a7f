"""What a run is about to do, said before it starts."""

from collections.abc import Iterator, Mapping

from batcher.aws.client import AwsTarget
from batcher.cli.output.echo import echo
from batcher.cli.output.forecast import forecast_lines, target_pace
from batcher.cli.output.omission import sends_text
from batcher.cli.output.selected_part import part_lines
from batcher.cli.output.undo import undo_lines
from batcher.cli.output.wave_lines import wave_lines
from batcher.jobs.run import ReadyRun, SlowReading
from batcher.number_text import number, several

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
        yield f"Resuming: {before} from before, {left} left."
    if state.finished is not None:
        yield f"{run.order.directory.path}: this run is finished, and nothing is left to do."
        return
    yield from part_lines(state.part, inspection.unmatched)
    for name, reason in run.connection.unusable.items():
        updates = several(state.totals[name], "update")
        yield f"{updates} of target {name} can't be sent and stay as they are: {reason}"
    for name in run.connection.targets:
        yield from _target(run, name)
    if run.order.following.recreate:
        yield RECREATES
    if inspection.invalid:
        yield f"{several(inspection.invalid, 'invalid line')} will be skipped."
    yield from run.warnings
    if run.slow_reading is not None:
        yield _no_images(run.slow_reading)
    yield from wave_lines(run.state)
    yield from forecast_lines(run)
    if run.deadline is None or not run.deadline.late:
        yield from undo_lines(run)
        verb = "would go" if run.order.dry_run else "go"
        yield f"Results {verb} to {run.order.directory.path}/"


def say_places(targets: Mapping[str, AwsTarget]) -> None:
    """Say on standard error which targets are looked at."""
    for target in targets.values():
        echo(f"Looks at {place_text(target)}", err=True)


def place_text(target: AwsTarget) -> str:
    """Account, Region, name and endpoint of a target."""
    protected = ", protected" if target.settings.protected else ""
    return f"{target.identity} (target {target.name}{protected}, {target.endpoint_url})"


def _target(run: ReadyRun, name: str) -> Iterator[str]:
    target, index = run.connection.targets[name], run.state.inspection.targets[name]
    where = place_text(target)
    updates = several(len(index.lines), "update")
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
        yield f"  sends: {_sends(run, target)}"


def _sends(run: ReadyRun, target: AwsTarget) -> str:
    known = run.connection.lanes.omissions.known(target)
    # where nobody said not to look, the first ones are looked at to find it out
    looks = run.looks or run.order.settings.before is None or run.order.settings.create_missing
    return sends_text(known, looks=looks, now=run.order.clock.wall())


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
