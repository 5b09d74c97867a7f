"""The flags of ``batcher rollback``, and its help."""

from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.moment import moment
from batcher.cli.flags.run import follow_up_options
from batcher.cli.flags.selection import selection_options
from batcher.cli.output.format import example


@click.command(epilog=example("batcher rollback updates.run --dry-run"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where the live trigger was changed since.")
@click.option(
    "--recreate",
    is_flag=True,
    help="Delete and create what an update can't put back; tags and creation time are lost.",
)
@click.option(
    "--since", metavar="TIME", callback=moment, help="Of a worker's results: only from then on."
)
@click.option("--until", metavar="TIME", callback=moment, help="And only up to then.")
@selection_options
@follow_up_options
@done_by("batcher.cli.rollback:do_rollback")
def rollback() -> None:
    """Put back what a run has changed, or what workers have.

    RUN: the directory of the run, or the results directory of workers. A trigger that is no longer
    as the run made it is left alone and gets the status stale. The rollback is a run of its own: it
    can be resumed, verified, and rolled back. TIME is ISO 8601, such as 2026-11-26T14:00Z; without
    an offset it is local.
    """
