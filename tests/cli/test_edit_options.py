"""Flags of change come in the order in which they were given."""

import click
from click.testing import CliRunner

from batcher.cli.commands.compose import OrderedCommand, edit_options
from batcher.cli.edit_options import taken_edits
from tests.updates.samples import MODEL


@click.command(cls=OrderedCommand)
@click.argument("file")
@edit_options
@click.pass_context
def command(context: click.Context, file: str, **given: object) -> None:
    click.echo(" ".join(edit.flag for edit in taken_edits(context, given, MODEL.schema)))


def test_the_order_is_that_of_the_command_line() -> None:
    one = ["--unset", "EventTriggerLimits.Periods", "--set=SegmentFilter=a"]
    two = ["--replace", "SegmentFilter", "a", "--set", "--append", "EventTriggerConditions={}"]
    found = CliRunner().invoke(command, [*one, "x.jsonl", *two, *one])
    assert found.output.split() == [
        "--unset",
        "--set",
        "--replace",
        "--append",
        "--unset",
        "--set",
    ], found.output
