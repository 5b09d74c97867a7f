"""What the flags say the columns of a CSV of events are."""

from typing import Any

import click

from batcher.sources.event_file import EventColumns

SUFFIXES = (".csv", ".csv.gz", ".csv.zst")
NEEDED = {
    "object_type": "--object-type",
    "profile_column": "--profile-column",
    "time_column": "--time-column",
}


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
