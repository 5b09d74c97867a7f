"""The flags of ``batcher doctor``, and its help."""

from functools import partial
from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import DOORS, OF_PLACE
from batcher.cli.flags.output import json_option
from batcher.cli.flags.queue import queue_option
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example

KNOWN = {
    *OF_PLACE,
    "organization",
    "concurrency",
    "limiter",
    "connect_timeout",
    "read_timeout",
    "transport",
    "create_missing",
    "with_integrations",
}
"""The settings that have a flag here."""


@click.command(epilog=example("batcher doctor --for worker --queue sqs:updates.fifo"))
@click.option(
    "--for",
    "door",
    type=click.Choice(DOORS),
    default="run",
    show_default=True,
    help="What is to be started: whose permissions and places are looked at.",
)
@partial(queue_option, required=False)
@click.option("--domain", metavar="D", help="A domain whose triggers may be listed, as a test.")
@click.option("--trigger", metavar="T", help="A trigger of it that may be read, as a test.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Directory that will be written to; default: where the command would write.",
)
@json_option("Print all of it as one JSON object on standard output.")
@partial(settings_options, only=KNOWN)
@done_by("batcher.cli.doctor:do_doctor")
def doctor() -> None:
    """Tell what keeps this from working, and what to mend.

    Looks at this host, the targets, limiter and queue; sends reads only. Exits with 1 when there is
    a fault.
    """
