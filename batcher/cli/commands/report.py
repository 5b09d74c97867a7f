"""The flags of ``batcher report``, and its help."""

from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import REPORT_FORMATS
from batcher.cli.output.format import example


@click.command(epilog=example("batcher report updates.run --format markdown"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(REPORT_FORMATS),
    default="html",
    show_default=True,
    help="A page; all of its content; text for a pull request; test cases for a CI.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file; default: report.html in RUN, other formats to standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file of --out where there is one.")
@done_by("batcher.cli.report:do_report")
def report() -> None:
    """Show what a run was asked and what came of it.

    RUN: its directory, also while the run is under way. Reads it, and changes nothing but
    report.html in it. Exits with 1 when the accounts do not balance, as of a damaged results.jsonl.
    """
