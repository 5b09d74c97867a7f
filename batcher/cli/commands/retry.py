"""The flags of ``batcher retry``, and its help."""

from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.run import follow_up_options
from batcher.cli.flags.selection import selection_options
from batcher.cli.output.format import example


@click.command(epilog=example("batcher retry updates.run --code InternalServerException"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--code",
    "codes",
    multiple=True,
    metavar="CODE",
    help="Only those with this error; may be repeated.",
)
@selection_options
@follow_up_options
@done_by("batcher.cli.retry:do_retry")
def retry() -> None:
    """Run again what failed or is in doubt in a run.

    RUN: its directory. Shows first how many there are of which error. The new run is linked to the
    old one.
    """
