"""The flags that say what the columns of a CSV of events are."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from batcher.sources.event_file import EventColumns

F = TypeVar("F", bound=Callable[..., Any])

SUFFIXES = (".csv", ".csv.gz", ".csv.zst")
NEEDED = {
    "object_type": "--object-type",
    "profile_column": "--profile-column",
    "time_column": "--time-column",
}


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


def taken_columns(given: dict[str, Any], events: str) -> EventColumns | None:
    """Take the columns out of a command's flags; None: events are JSON Lines.

    A CSV is what is called so, and what has columns. Raises UsageError where one is missing.
    """
    names = (*NEEDED, "id_column", "ingested_column")
    found = {name: given.pop(name) for name in names}
    if not events.endswith(SUFFIXES) and not any(found.values()):
        return None
    if missing := [flag for name, flag in NEEDED.items() if not found[name]]:
        raise click.UsageError(f"A CSV of events needs {', '.join(missing)}.")
    return EventColumns(
        object_type=found["object_type"],
        profile=found["profile_column"],
        time=found["time_column"],
        id=found["id_column"],
        ingested=found["ingested_column"],
    )
