"""Where what a command finds goes is said by the same flags everywhere."""

from pathlib import Path

import click
from click.testing import CliRunner

from batcher.cli import ERROR_AS_JSON
from batcher.cli.flags.output import json_option, output_option, sensitive_option


@click.command()
@output_option("Write it there.")
@sensitive_option
@json_option("Print it.")
@click.pass_context
def _told(context: click.Context, **given: object) -> None:
    found = (given[name] for name in ("as_json", "out", "force", "show_sensitive"))
    click.echo(" ".join(map(repr, (context.meta[ERROR_AS_JSON], *found))))


def test_they_are_taken_and_an_error_is_told_as_json_where_that_is_asked_for() -> None:
    given = ["--out", "o.jsonl", "--force", "--show-sensitive", "--json"]
    told = CliRunner().invoke(_told, given).output
    assert told == f"True True {Path('o.jsonl')!r} True True\n"
    assert CliRunner().invoke(_told, []).output == "False False None False False\n"
