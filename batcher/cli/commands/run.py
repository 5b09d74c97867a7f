"""The flags of ``batcher run``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.run import run_options
from batcher.cli.flags.selection import selection_options
from batcher.cli.output.format import example


@click.command(
    epilog=example("batcher run updates.jsonl --profile prod --region eu-west-1 --dry-run")
)
@click.argument("file", metavar="FILE")
@selection_options
@run_options
@done_by("batcher.cli.run:do_run")
def run() -> None:
    """Change the triggers of FILE, within the quota.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY.

    Checks every line first, says what it will do and how long that takes, and asks. Running the
    same command again resumes.
    """
