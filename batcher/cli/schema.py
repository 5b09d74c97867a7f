"""``batcher schema``: the JSON Schema of an update line, read off the installed service model."""

import json

import click

from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.wiring.line_readers import installed_update_model


@click.command(epilog=example("batcher schema > update.schema.json"))
def schema() -> None:
    """Print the JSON Schema of an update line, for editors."""
    model = installed_update_model()
    echo(json.dumps(model.schema, indent=2, ensure_ascii=False), lines=True)
