"""``batcher schema``: the JSON Schema of an update line and nothing else."""

import json

from click.testing import CliRunner

from batcher.cli.commands.schema import schema
from tests.updates.samples import MODEL


def test_the_schema_is_printed_and_nothing_else() -> None:
    result = CliRunner().invoke(schema)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == MODEL.schema
