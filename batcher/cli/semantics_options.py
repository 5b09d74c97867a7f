"""The flags that choose what AWS does not say of how a trigger is matched."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from batcher.triggers.semantics.firing_options import FIRING_UNKNOWNS, FiringOptions
from batcher.triggers.semantics.options import UNKNOWNS, Unknown
from batcher.triggers.semantics.zones import zone

OF_ONE_EVENT = ("unlisted", "no_ingestion_time")

F = TypeVar("F", bound=Callable[..., Any])


def semantics_options(command: F) -> F:
    """Add a flag for each row of UNKNOWNS; ``taken_firing`` takes them out again."""
    for unknown in reversed(UNKNOWNS):
        command = _flag(unknown)(command)
    return command


def mapping_option(command: F) -> F:
    """Add ``--mapping``."""
    about = (
        "Where a FieldName is in an object: a JSON object of names and paths, or what"
        " get-profile-object-type prints."
    )
    return click.option("--mapping", metavar="FILE", help=about)(command)


def firing_options(command: F) -> F:
    """Add a flag for each unknown of firing, as well; ``taken_firing`` takes all out again."""
    for unknown in reversed(FIRING_UNKNOWNS):
        command = _flag(unknown)(command)
    return semantics_options(command)


def single_event_options(command: F) -> F:
    """Add a flag for each unknown that one event alone can show; ``taken_firing`` as well."""
    for unknown in reversed(FIRING_UNKNOWNS):
        if unknown.name in OF_ONE_EVENT:
            command = _flag(unknown)(command)
    return semantics_options(command)


def taken_firing(given: dict[str, Any]) -> FiringOptions:
    """Take the choices out of a command's flags; those without a flag are by default.

    Raises SettingsError for a time zone that there is none of.
    """
    names = FiringOptions.__struct_fields__
    options = FiringOptions(**{name: given.pop(name) for name in names if name in given})
    zone(options.timezone)
    return options


def _flag(unknown: Unknown) -> Callable[[F], F]:
    default = unknown.choices[0]
    if isinstance(default, bool):
        about = unknown.readings[True]
        return click.option(
            unknown.flag, unknown.name, default=default, show_default=True, help=about
        )
    if unknown.name == "timezone":
        about = unknown.readings[default].format("of this name, or offset")
        return click.option(
            unknown.flag, metavar="ZONE", default=default, show_default=True, help=about
        )
    kind, about = (
        click.Choice(list(map(str, unknown.choices))),
        f"{unknown.label[:1].upper()}{unknown.label[1:]}.",
    )
    return click.option(
        unknown.flag, unknown.name, type=kind, default=default, show_default=True, help=about
    )
