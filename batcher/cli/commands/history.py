"""The flags of ``batcher history``, and its help."""

from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import HISTORY_LIMIT
from batcher.cli.flags.moment import moment
from batcher.cli.flags.numbers import WholeNumber
from batcher.cli.flags.output import json_option, sensitive_option
from batcher.cli.output.format import example


@click.command(epilog=example("batcher history acme/cart-abandoned --in /srv/migrations"))
@click.argument("trigger", metavar="[GLOB]", required=False)
@click.option(
    "--in",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The folder that the runs are below; default: this one.",
)
@click.option("--since", metavar="TIME", callback=moment, help="Only from then on.")
@click.option("--until", metavar="TIME", callback=moment, help="And only up to then.")
@click.option(
    "--limit",
    type=WholeNumber(1),
    default=HISTORY_LIMIT,
    show_default=True,
    metavar="N",
    help="How many to show at most, the newest.",
)
@sensitive_option
@json_option("Print them as one JSON object on standard output.")
@done_by("batcher.cli.history:do_history")
def history() -> None:
    """Show which runs touched a trigger, when, by whom and why.

    And from what to what. GLOB: the name of a trigger, with a slash DOMAIN/NAME; without it all.
    Reads the run directories, and results directories of workers, below a folder, and changes
    nothing. TIME is ISO 8601, such as 2026-11-26T14:00Z; without an offset it is local. Exits with
    1 when a directory could not be read.
    """
