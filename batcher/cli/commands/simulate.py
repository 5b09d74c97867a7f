"""The flags of ``batcher simulate``, and its help."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import OF_READING, SIMULATION_TOP
from batcher.cli.flags.numbers import WholeNumber
from batcher.cli.flags.output import json_option, sensitive_option
from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.semantics import firing_options, mapping_option
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example

F = TypeVar("F", bound=Callable[..., Any])


KNOWN = {
    *OF_READING,
    "without_target",
    "domain_map",
    "skip_invalid",
    "log_level",
    "progress",
    "no_progress",
}
"""The settings that have a meaning here."""


def column_options(command: F) -> F:
    """Add the flags; ``taken_columns`` takes them out again."""
    for option in (
        click.option("--ingested-column", metavar="NAME", help="… when it was ingested."),
        click.option("--id-column", metavar="NAME", help="… its id; default: its line."),
        click.option("--time-column", metavar="NAME", help="… when it happened."),
        click.option("--profile-column", metavar="NAME", help="… the profile that it is of."),
        click.option(
            "--object-type",
            metavar="NAME",
            help="Of a CSV of events: the object type that its rows are of, and the column with …",
        ),
    ):
        command = option(command)
    return command


@click.command(epilog=example("batcher simulate updates.jsonl --events events.jsonl.gz"))
@click.argument("file", metavar="FILE")
@click.option(
    "--events",
    metavar="FILE",
    help="Events, one a line (JSONL or records of a Kinesis event stream), or a CSV of objects.",
)
@click.option(
    "--sample-events",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="In place of a simulation, write events that touch the bounds of each condition.",
)
@click.option("--force", is_flag=True, help="Replace the file of --sample-events if there is one.")
@click.option(
    "--current",
    metavar="FILE|live",
    help="The triggers as they are: an export, or live; without it only what fires after is known.",
)
@click.option("--segments", metavar="FILE", help="Members of segments, one or several a line.")
@click.option("--explain", metavar="ID", help="Also say why the event of that id fires, or not.")
@click.option(
    "--max-new-firings",
    metavar="N|P%",
    help="Exit with 3 when more events start firing than that; P% is of those that fire now.",
)
@click.option(
    "--top", type=WholeNumber(0, 1000), default=SIMULATION_TOP, help="How many profiles to name."
)
@click.option("--skip-invalid-events", is_flag=True, help="Leave out lines that are no events.")
@column_options
@sensitive_option
@json_option("Print the report as one JSON object on standard output.")
@selection_options
@mapping_option
@firing_options
@partial(settings_options, only=KNOWN)
@done_by("batcher.cli.simulate:do_simulate")
def simulate() -> None:
    """Show which events would start or stop firing with FILE.

    Sends no update. FILE and the files of flags: .gz, .zst; - for standard input, or
    s3://BUCKET/KEY. Exits with 1 when a trigger could not be simulated or no event was for any,
    with 3 when --max-new-firings is exceeded.
    """
