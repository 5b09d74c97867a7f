"""The flags of ``batcher export``, and its help."""

from functools import partial

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import OF_LINT
from batcher.cli.flags.output import output_option
from batcher.cli.flags.selection import domain_option, name_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example


@click.command(epilog=example("batcher export --domain acme --profile prod --out acme.jsonl"))
@domain_option("Domain to export; may be repeated.")
@click.option(
    "--all", "everything", is_flag=True, help="Export every domain of the account and Region."
)
@click.option(
    "--based-on",
    "with_base",
    is_flag=True,
    help="Also write the state of each, so that a run leaves alone what was changed since, and"
    " drift reads that only.",
)
@name_options
@output_option("Write to this file; default: standard output.")
@partial(settings_options, without=OF_LINT)
@done_by("batcher.cli.export:do_export")
def export() -> None:
    """Write the live triggers of domains as updates, one a line.

    They are sorted by domain and name. The lines name no target: run them with --target. They hold
    what descriptions and conditions say; a file is readable by its owner only. Exits with 1 when a
    domain or a trigger can't be read.
    """
