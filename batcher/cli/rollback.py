"""``batcher rollback``: the before images of a run put back, newest first, where nobody has
changed anything since.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.options import Choices, run_options
from batcher.cli.output.format import example

if TYPE_CHECKING:
    from batcher.jobs.run_reader import RunReader

SHOWN = 20


@click.command(epilog=example("batcher rollback updates.run --dry-run"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where the live trigger was changed since.")
@run_options
def rollback(run: Path, force: bool, config: Path | None, **given: Any) -> None:
    """Put back what the run in directory RUN has changed.

    A trigger that is no longer as the run made it is left alone and gets the status stale. The
    rollback is a run of its own: it can be resumed, verified, and rolled back.
    """
    import anyio

    from batcher.cli.follow_up import follow

    raise SystemExit(
        anyio.run(follow, run, "rollback", Choices.taken(given), given, config, _lines, force)
    )


def _lines(past: "RunReader") -> Any:
    """The lines of the rollback; what can't be put back is said as they are read."""
    from batcher.cli.output.format import several
    from batcher.errors import InputError
    from batcher.jobs.rollback import undos, without_image

    found = remaining = unsure = 0
    for undo in undos(past):
        found += 1
        if undo.remains and not undo.sure:
            unsure += 1
        elif undo.remains:
            remaining += 1
            if remaining <= SHOWN:
                where = f"{undo.line['DomainName']}/{undo.line['EventTriggerName']}"
                click.echo(
                    f"{where}: {', '.join(undo.remains)} did not exist before, and an update can't"
                    " take it away",
                    err=True,
                )
        yield undo.line
    if remaining:
        click.echo(
            f"{several(remaining, 'update')} can't be put back in full; the rest of each is.",
            err=True,
        )
    if unsure:
        click.echo(
            f"{several(unsure, 'update')} without an answer: if one was applied, what did not exist"
            " before stays.",
            err=True,
        )
    stays = ""
    if unpictured := without_image(past):
        stays = (
            f"{several(unpictured, 'update')} created a trigger, or did not look at it first: what"
            " they did stays."
        )
    if not found:
        raise InputError(
            f"nothing to undo: {past.where} has no before images."
            f" {stays or 'It has changed nothing.'}"
        )
    if stays:
        click.echo(stays, err=True)
