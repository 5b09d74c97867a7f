"""``batcher rollback``: before images put back, where nothing was changed since.

Those of a run, or of what workers did in a time.
"""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from batcher.cli.follow_up import follow
from batcher.cli.interruption import run_command
from batcher.cli.options import Choices, settings_from
from batcher.cli.output.echo import echo
from batcher.cli.output.omission import basis_text
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.output.selected_part import part_lines
from batcher.cli.repair_notice import repair_with_notice
from batcher.cli.selection import taken_selection
from batcher.clock import SystemClock
from batcher.jobs.follow_up import FollowUp, open_follow_up, open_results_rollback
from batcher.jobs.results_run import TimeSpan
from batcher.jobs.rollback import make_rollback, unseen_text
from batcher.jobs.undo_line import MAYBE_APPLIED, NO_RESULT
from batcher.number_text import number, several
from batcher.records import STATUSES, SelectedPart
from batcher.storage.quota_file import QuotaFile
from batcher.storage.state_directory import state_directory
from batcher.updates.selection import Selection, Selector
from batcher.updates.trigger_name import trigger_name
from batcher.wiring.omissions import KnownOmissions, known_omissions

NOTHING_KNOWN = KnownOmissions(whole="auto", effects={})


def do_rollback(
    run: Path,
    force: bool,
    recreate: bool,
    since: str | None,
    until: str | None,
    config: Path | None,
    **given: Any,
) -> None:
    choices, selection = Choices.taken(given), taken_selection(given)
    if choices.repair:
        repair_with_notice(run, dry_run=choices.dry_run)
    opened = open_follow_up(run, "rollback", recreate=recreate)
    if not (run / "run.json").exists():
        span = TimeSpan(since=since, until=until)
        opened = open_results_rollback(run, settings_from(given, config), span, recreate=recreate)
    elif since or until:
        raise click.UsageError(
            f"--since and --until are for a worker's results directory; {run} is that of a run,"
            " which is put back as a whole."
        )
    make = partial(make_undos, selection)
    raise SystemExit(
        run_command(follow, run, "rollback", choices, given, config, make, force, opened)
    )


def _known(follow_up: FollowUp) -> dict[str, KnownOmissions]:
    file = QuotaFile(state_directory(os.environ), lambda text: echo(f"batcher: {text}", err=True))
    places, now = follow_up.run.manifest.targets, SystemClock().wall()
    return known_omissions(places, follow_up.settings, file, now)


def make_undos(selection: Selection | None, follow_up: FollowUp, form: str) -> None:
    """Make the lines of a rollback, and say what of it can't be put back. Raises InputError.

    ``form``: how progress is shown.
    """
    recreate = follow_up.recreate
    targets = follow_up.run.target_names
    selector = None if selection is None else Selector(selection, targets)
    now, known = SystemClock().wall(), _known(follow_up)
    with ReadingProgress("before images", form=form) as progress:

        def add(line: dict[str, Any]) -> None:
            follow_up.add(line)
            progress.advance()

        report = make_rollback(
            follow_up.run, add, recreate=recreate, selector=selector, known=known
        )
    if selector is not None:
        of, by = report.undone + report.left_out, str(selector.selection)
        follow_up.part = SelectedPart(by=by, left_out=report.left_out, of=of)
        for text in part_lines(None, selector.unmatched()):
            echo(text, err=True)
    if text := kinds_text(report.kinds):
        echo(f"{several(report.undone, 'before image')} to put back: of {text}.", err=True)
    for undo in report.first_partial:
        rests_on = basis_text(known.get(undo.target, NOTHING_KNOWN), undo.remains, now)
        stays = f"an update can't take it away: {rests_on}"
        if recreate:
            stays = "it is deleted and created anew"
        target = undo.target if len(follow_up.run.manifest.targets) > 1 else None
        where = trigger_name(undo.line["DomainName"], undo.line["EventTriggerName"], target)
        remains = ", ".join(undo.remains)
        echo(f"{where}: {remains} did not exist before, and {stays}", err=True)
    if report.partial:
        updates = several(report.partial, "update")
        is_put = "is put" if report.partial == 1 else "are put"
        how = "can't be put back in full; --recreate can"
        if recreate:
            how = f"{is_put} back by deleting the trigger and creating it anew"
        echo(f"{updates} {how}.", err=True)
    if report.unsure:
        then = "the trigger is recreated too" if recreate else "what did not exist before stays"
        echo(
            f"{several(report.unsure, 'update')} without an answer: if one was applied, {then}.",
            err=True,
        )
    if report.unseen:
        echo(unseen_text(report.unseen), err=True)
        if follow_up.settings.with_integrations:
            copied = "Tags and integrations that were copied (--with-integrations) stay, too"
            echo(f"{copied}: DeleteIntegration ends the firing.", err=True)


def kinds_text(kinds: Mapping[str, int]) -> str:
    """Of what the images are, where not all are of updates that succeeded; else nothing.

    One that was not applied is found as it was, and left alone.
    """
    if not kinds.keys() - {"succeeded"}:
        return ""
    return ", ".join(
        f"{number(kinds[kind])} {_KINDS.get(kind, kind.replace('_', ' '))}"
        for kind in (*STATUSES, MAYBE_APPLIED, NO_RESULT)
        if kinds.get(kind)
    )


_KINDS = {
    "succeeded": "that succeeded",
    "differs": "that were applied and differ",
    "in_doubt": "in doubt",
    "failed": "that failed and were not applied",
    "stale": "that were found changed by somebody else",
    "partial": "that were put back in part",
    "unchanged": "that were as asked",
    MAYBE_APPLIED: "that failed and may have been applied all the same",
    NO_RESULT: "without a result, which may have been applied when the run was ended",
}
