"""The flags of ``batcher lint``, and its help."""

from functools import partial

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import LINT_FORMATS, OF_READING
from batcher.cli.flags.output import json_option, sensitive_option
from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.settings import joined, settings_options
from batcher.cli.output.format import example

_codes = partial(click.option, metavar="CODE,…", multiple=True, callback=joined)
KNOWN = {*OF_READING, "without_target", "create_missing", "domain_map", "skip_invalid"}
"""The settings that have a flag here: those of looking at triggers, and of reading lines."""


@click.command(epilog=example("batcher lint updates.jsonl --current export.jsonl"))
@click.argument("file", metavar="FILE")
@click.option(
    "--current",
    metavar="FILE|live",
    help="Look at what the updates make of the triggers as they are now: an export, or live ones.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(LINT_FORMATS),
    help="For people, as JSON, as SARIF 2.1.0, or as annotations of GitHub.  [default: text]",
)
@json_option("The same as --format json.")
@_codes("--select", "lint_select", help="Only codes that begin so; may be repeated.")
@_codes("--ignore", "lint_ignore", help="No codes that begin so; may be repeated.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@sensitive_option
@selection_options
@partial(settings_options, only=KNOWN)
@done_by("batcher.cli.lint:do_lint")
def lint() -> None:
    """Look for likely mistakes in the updates of FILE.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY. Sends no update. Exits with 1
    when there are errors, or something could not be looked at, and with 2 when a line breaks a rule
    of the service model. The codes are in docs/lint.md; batcher explain CODE tells of one.
    """
