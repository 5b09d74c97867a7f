"""The flags of ``batcher validate``, and its help."""

from functools import partial

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.output import json_option
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example

KNOWN = ("target", "region", "account", "profile", "role_arn", "organization")
"""The settings that say which targets there are, and which lines may do without a name."""


@click.command(epilog=example("batcher validate updates.jsonl --config configs/targets.toml"))
@click.argument("file", metavar="FILE")
@json_option("Print every fault in one JSON object on standard output.")
@partial(settings_options, only=KNOWN)
@done_by("batcher.cli.validate:do_validate")
def validate() -> None:
    """Check every line of FILE and send nothing.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY. The targets that lines may
    name are --target and those of the settings file. Exits with 0 when there are updates and all
    are valid, else with 2.
    """
