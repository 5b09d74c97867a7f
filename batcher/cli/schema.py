"""``batcher schema``: the JSON Schema of an update line, read off the installed service model."""

import json

import click

from batcher.aws.service_model import installed_service_model
from batcher.cli.output.format import example
from batcher.updates.update_model import UpdateModel


@click.command(epilog=example("batcher schema > update.schema.json"))
def schema() -> None:
    """Print the JSON Schema of an update line, for editors and other checkers."""
    model = UpdateModel.from_service_model(installed_service_model())
    click.echo(json.dumps(model.schema, indent=2, ensure_ascii=False))
