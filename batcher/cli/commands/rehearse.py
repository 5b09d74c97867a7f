"""The flags of ``batcher rehearse``, and its help."""

from functools import partial
from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import LIVE, OF_READING, OF_REHEARSAL
from batcher.cli.flags.numbers import RealNumber
from batcher.cli.flags.output import json_option
from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example

KNOWN = {
    *OF_READING,
    *OF_REHEARSAL,
    *("rate", "deadline", "timetable", "timezone", "progress", "no_progress"),
}
"""The settings that have a meaning here."""


@click.command(epilog=example("batcher rehearse updates.jsonl --profile prod"))
@click.argument("file", metavar="FILE")
@click.option(
    "--current",
    default=LIVE,
    metavar="FILE|live",
    help="The triggers as they are: live, or an export; with that AWS is not asked.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Directory to make; default: named after FILE, .rehearsal.",
)
@click.option(
    "--quota", metavar="N[,BURST]", help="Requests per second that AWS is to be taken to allow."
)
@click.option(
    "--speed",
    type=RealNumber(0.01, 1e6),
    metavar="N",
    help="So many times the real pace; default: what makes it short.",
)
@click.option("--real-time", is_flag=True, help="At the real pace, and as long as that takes.")
@click.option(
    "--fault",
    multiple=True,
    metavar="KIND=P",
    help="A fault of the emulator and its probability; can be repeated.",
)
@click.option("--clear-omitted", is_flag=True, help="Updates clear the members that they omit.")
@json_option("Print what was found as one JSON object on standard output.")
@selection_options
@partial(settings_options, only=KNOWN)
@done_by("batcher.cli.rehearse:do_rehearse")
def rehearse() -> None:
    """Do the whole job on a local Customer Profiles first.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY. Reads the triggers that FILE
    names, puts them into an emulator on loopback, and there runs FILE, verifies, rolls back and
    verifies. No update is sent to AWS. Exits with 0 when everything would be as asked and could be
    put back, with 1 when something would not.
    """
