"""``batcher drift``: live triggers held against an export or a run's end state. Changes nothing."""

from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import click

from batcher.cli.idle_target import refuse_target_at_run
from batcher.cli.interruption import run_command
from batcher.cli.options import (
    check_sensitive,
    settings_at_run,
    settings_from,
)
from batcher.cli.output.drift_lines import print_drift
from batcher.cli.output.preview import say_places
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.selection import selector_at_run, taken_selection
from batcher.config import Settings, clean_text
from batcher.jobs.drift import DriftOptions, find_drift
from batcher.jobs.drift_base import read_base
from batcher.jobs.run_reader import settings_of
from batcher.operations import TRIGGER_NAMES
from batcher.storage.run_directory import RunDirectory
from batcher.updates.selection import Selector
from batcher.wiring.line_readers import installed_update_model

HAS_DRIFT = 6  # exit code


def do_drift(
    base: str,
    ignored: tuple[str, ...],
    no_new: bool,
    show_sensitive: bool,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    check_sensitive(show_sensitive, as_json=as_json)
    members = frozenset(map(_member, ignored))
    selection = taken_selection(given)
    run = Path(base) if Path(base).is_dir() else None
    settings = (
        settings_from(given, config)
        if run is None
        else settings_at_run(given, config, settings_of(run))
    )
    if run is not None:
        refuse_target_at_run(RunDirectory(run).read_manifest().targets, settings)
        selector = selector_at_run(run, selection)
    else:
        selector = None if selection is None else Selector(selection, settings.target_names)
    options = DriftOptions(ignored=members, new=not no_new, selector=selector)
    raise SystemExit(run_command(_drift, base, settings, options, show_sensitive, as_json))


async def _drift(
    origin: str, settings: Settings, options: DriftOptions, show_sensitive: bool, as_json: bool
) -> int:
    base = read_base(origin, settings, options.selector)
    with ReadingProgress("live triggers", form=settings.progress) as progress:
        hold = partial(find_drift, on_connected=say_places, on_held=progress.read)
        report = await hold(base, settings, options)
    hidden = frozenset[str]() if show_sensitive else installed_update_model().sensitive
    unmatched = [] if options.selector is None else options.selector.unmatched()
    print_drift(origin, base, report, unmatched, hidden=hidden, as_json=as_json)
    if not report.complete:
        return 1
    return HAS_DRIFT if report.has_drift else 0


def _member(given: str) -> str:
    """A member that a trigger can have. Raises UsageError, SettingsError for what is no text."""
    name = clean_text("--ignore", given)
    known = [
        each
        for each in installed_update_model().schema["properties"]
        if each[0].isupper() and each not in TRIGGER_NAMES
    ]
    if name in known:
        return name
    close = get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    there = ", ".join(known)
    raise click.UsageError(f"--ignore {name}: no such member{meant} There are {there}.")
