"""The flags of ``batcher plan``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import PLAN_FORMATS
from batcher.cli.flags.output import json_option, output_option, sensitive_option
from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example


@click.command(epilog=example("batcher plan updates.jsonl --profile prod --out plan.jsonl"))
@click.argument("file", metavar="FILE")
@output_option("Keep the plan in this file, to be run.")
@sensitive_option
@click.option("--full", is_flag=True, help="Show every update, not those that do the same as one.")
@click.option(
    "--format",
    "form",
    type=click.Choice(PLAN_FORMATS),
    default="text",
    help="Text for people on standard error; on standard output Markdown for a pull request, or a"
    " page.  [default: text]",
)
@click.option("--no-pager", is_flag=True, help="Print it all at once, however long it is.")
@json_option("Print the plan as one JSON object on standard output.")
@selection_options
@settings_options
@done_by("batcher.cli.plan:do_plan")
def plan() -> None:
    """Show what the updates of FILE would change.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY. Sends no update. Reads every
    live trigger and compares lists without regard to order. Exits with 1 when a trigger is missing
    or can't be read, or when more would change than --max-changes allows.
    """
