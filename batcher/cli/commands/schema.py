"""The flags of ``batcher schema``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.output.format import example


@click.command(epilog=example("batcher schema > update.schema.json"))
@done_by("batcher.cli.schema:do_schema")
def schema() -> None:
    """Print the JSON Schema of an update line, for editors."""
