"""``batcher rollback``: the before images of a run put back, where nothing was changed since."""

from pathlib import Path
from typing import Any

import anyio
import click

from batcher.cli.follow_up import follow
from batcher.cli.options import Choices, run_options
from batcher.cli.output.format import example, several
from batcher.jobs.follow_up import FollowUp
from batcher.jobs.rollback import make_rollback, unseen_text


@click.command(epilog=example("batcher rollback updates.run --dry-run"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where the live trigger was changed since.")
@run_options
def rollback(run: Path, force: bool, config: Path | None, **given: Any) -> None:
    """Put back what the run in directory RUN has changed.

    A trigger that is no longer as the run made it is left alone and gets the status stale. The
    rollback is a run of its own: it can be resumed, verified, and rolled back.
    """
    choices = Choices.taken(given)
    raise SystemExit(anyio.run(follow, run, "rollback", choices, given, config, _make, force))


def _make(follow_up: FollowUp) -> None:
    report = make_rollback(follow_up.run, follow_up.add)
    for undo in report.first_partial:
        where = f"{undo.line['DomainName']}/{undo.line['EventTriggerName']}"
        remains = ", ".join(undo.remains)
        click.echo(
            f"{where}: {remains} did not exist before, and an update can't take it away", err=True
        )
    if report.partial:
        updates = several(report.partial, "update")
        click.echo(f"{updates} can't be put back in full; the rest of each is.", err=True)
    if report.unsure:
        click.echo(
            f"{several(report.unsure, 'update')} without an answer: if one was applied, what did"
            " not exist before stays.",
            err=True,
        )
    if report.unseen:
        click.echo(unseen_text(report.unseen), err=True)
