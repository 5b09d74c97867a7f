"""The flags of ``batcher drift``, and its help."""

from functools import partial

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import OF_LINT
from batcher.cli.flags.output import json_option, sensitive_option
from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example


@click.command(epilog=example("batcher drift acme.jsonl --profile prod --ignore Description"))
@click.argument("base", metavar="BASE")
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="MEMBER",
    help="A member that does not count, such as Description; may be repeated.",
)
@click.option("--no-new", is_flag=True, help="Do not look for triggers that BASE does not have.")
@sensitive_option
@json_option("Print what was found as one JSON object on standard output.")
@selection_options
@partial(settings_options, without=OF_LINT)
@done_by("batcher.cli.drift:do_drift")
def drift() -> None:
    """Show what was changed since an export or a run.

    Holds the live triggers against BASE, a file of export or a run directory. Changes nothing.
    Lists each domain first, and reads what was changed since, or where that can't be told. Exits
    with 6 where there is drift, with 1 where something could not be read.
    """
