"""``batcher simulate``: which events would start or stop firing. Changes nothing."""

from pathlib import Path
from typing import Any

import click
import msgspec

from batcher.accounting.limit import Limit
from batcher.cli.event_columns import taken_columns
from batcher.cli.idle_target import refuse_idle_target
from batcher.cli.interruption import run_command
from batcher.cli.options import (
    check_output,
    check_sensitive,
    settings_from,
)
from batcher.cli.output.echo import echo
from batcher.cli.output.preview import say_places
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.output.simulation import simulation_lines
from batcher.cli.output.simulation_json import simulation_json
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.selection import taken_selection
from batcher.cli.semantics_options import taken_firing
from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.field_mapping import read_mapping
from batcher.jobs.sample_events import write_sample_events
from batcher.jobs.simulate import SimulationOrder, simulate_changes
from batcher.jobs.simulation_report import SimulationReport
from batcher.number_text import several
from batcher.sources.local_file import place_for_copies
from batcher.updates.selection import Selection

STOPPED = 3  # exit code: more new firings than allowed


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted beside the order itself."""

    sample_events: Path | None
    replace: bool
    max_new_firings: Limit | None
    show_sensitive: bool
    as_json: bool


def do_simulate(
    file: str,
    events: str | None,
    sample_events: Path | None,
    force: bool,
    current: str | None,
    segments: str | None,
    explain: str | None,
    max_new_firings: str | None,
    top: int,
    skip_invalid_events: bool,
    mapping: str | None,
    show_sensitive: bool,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    check_sensitive(show_sensitive, as_json=as_json)
    if (events is None) is (sample_events is None):
        raise click.UsageError("Give --events FILE, or --sample-events FILE to have some made.")
    of_report = (explain, max_new_firings, segments, skip_invalid_events, as_json)
    if sample_events is not None and any(of_report):
        raise click.UsageError(
            "--sample-events simulates nothing: --explain, --max-new-firings, --segments,"
            " --skip-invalid-events and --json are of a simulation."
        )
    check_output(sample_events, "a sample", force=force, inputs=(file, current, config))
    wanted = _Wanted(
        sample_events=sample_events,
        replace=force,
        max_new_firings=_limit(max_new_firings, current),
        show_sensitive=show_sensitive,
        as_json=as_json,
    )
    _refuse_twice(file, events, current, segments, mapping)
    options, columns = taken_firing(given), taken_columns(given, events or "")
    selection = taken_selection(given)
    settings = settings_from(given, config)
    order = SimulationOrder(
        events=events or "",
        current=current,
        segments=segments,
        options=options,
        mapping={} if mapping is None else read_mapping(mapping, settings),
        columns=columns,
        skip_invalid=skip_invalid_events,
        explain=explain,
        top=top,
    )
    raise SystemExit(run_command(_simulate, file, order, settings, selection, wanted))


def _limit(given: str | None, current: str | None) -> Limit | None:
    if given is None:
        return None
    if current is None:
        raise click.UsageError(
            "--max-new-firings needs --current: without it nobody knows which firings are new."
        )
    try:
        return Limit(given)
    except ValueError:
        raise click.UsageError(
            f"--max-new-firings: {given!r} is neither a number nor a percentage such as 5%."
        ) from None


def _refuse_twice(*origins: str | None) -> None:
    if origins.count("-") > 1:
        raise click.UsageError("Standard input (-) can be read once only; give files for the rest.")


async def _simulate(
    file: str,
    order: SimulationOrder,
    settings: Settings,
    selection: Selection | None,
    wanted: _Wanted,
) -> int:
    with place_for_copies(file) as copies:
        violations = ViolationPrinter(wanted.as_json and not settings.skip_invalid, file)
        checked = check_file(
            file, settings, copies, violations.add, on_hint=violations.hint, selection=selection
        )
        violations.conclude(checked.inspection, usable=checked.usable, not_done="simulated")
        if not checked.usable:
            return 2
        refuse_idle_target(checked)
        if wanted.sample_events is not None:
            return await _sample(checked, order, wanted.sample_events, replace=wanted.replace)
        report = await _report(checked, order, checked.settings.progress)
    limit, show_sensitive = wanted.max_new_firings, wanted.show_sensitive
    for line in simulation_lines(report, order, limit, show_sensitive=show_sensitive):
        echo(line, err=True)
    if wanted.as_json:
        echo(simulation_json(report, limit, show_sensitive=show_sensitive))
    return _exit_code(report, order, limit)


async def _sample(checked: CheckedFile, order: SimulationOrder, out: Path, *, replace: bool) -> int:
    count = await write_sample_events(checked, order, out, replace=replace, on_connected=say_places)
    echo(
        f"{several(count, 'event')} that touch the bounds of conditions and limits, in {out}. How"
        " often such events come, they do not say.",
        err=True,
    )
    return 0


async def _report(checked: CheckedFile, order: SimulationOrder, form: str) -> SimulationReport:
    invalid = ViolationPrinter(False, order.events)
    with ReadingProgress("events", form=form) as progress:
        report = await simulate_changes(
            checked,
            order,
            on_invalid=invalid.add,
            on_events=progress.read,
            on_connected=say_places,
        )
    invalid.finish()
    return report


def _exit_code(report: SimulationReport, order: SimulationOrder, limit: Limit | None) -> int:
    if limit is not None and report.exceeds(limit):
        return STOPPED
    is_explained = order.explain is None or bool(report.explained)
    return 0 if report.is_complete and is_explained else 1
