"""``batcher schema``: the JSON Schema of an update line, read off the installed service model."""

import json

from batcher.cli.output.echo import echo
from batcher.wiring.line_readers import installed_update_model


def do_schema() -> None:
    model = installed_update_model()
    echo(json.dumps(model.schema, indent=2, ensure_ascii=False), lines=True)
