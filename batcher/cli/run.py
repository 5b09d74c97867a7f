"""``batcher run``: the flags of the whole job, which ``run_file`` does.

Its help imports nothing of that.
"""

from pathlib import Path
from typing import Any

import click

from batcher.cli.command_group import body
from batcher.cli.options import run_options
from batcher.cli.output.format import example
from batcher.cli.selection import selection_options

_run_file = body("batcher.cli.run_file", "run_file")


@click.command(
    epilog=example("batcher run updates.jsonl --profile prod --region eu-west-1 --dry-run")
)
@click.argument("file", metavar="FILE")
@selection_options
@run_options
def run(file: str, config: Path | None, **given: Any) -> None:
    """Change the triggers of FILE, within the quota.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY.

    Checks every line first, says what it will do and how long that takes, and asks. Running the
    same command again resumes.
    """
    raise SystemExit(_run_file(file, config, given))
