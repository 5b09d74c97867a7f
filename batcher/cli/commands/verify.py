"""The flags of ``batcher verify``, and its help."""

from functools import partial
from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import OF_LINT
from batcher.cli.flags.output import json_option
from batcher.cli.flags.run import repair_option
from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example


@click.command(epilog=example("batcher verify updates.run --json"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--in-doubt-only", is_flag=True, help="Look only at the triggers of updates that are in doubt."
)
@repair_option
@selection_options
@json_option("Print the proof as one JSON object on standard output.")
@partial(settings_options, without=OF_LINT)
@done_by("batcher.cli.verify:do_verify")
def verify() -> None:
    """Prove the books of a run.

    RUN: its directory, held against its input and the live triggers. Updates in doubt are settled
    to succeeded or failed by what the live trigger shows. Exits with 0 when all was looked at and
    holds, else with 1.
    """
