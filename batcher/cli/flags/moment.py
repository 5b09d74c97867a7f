"""A time that is given on the command line."""

from datetime import UTC, datetime

import click


def moment(_: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """A time in the form of the records. Raises BadParameter."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{text!r} is no ISO 8601 time such as 2026-11-26T14:00Z.", param=parameter
        ) from error
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
