"""The flags that choose what AWS does not say of how a trigger is matched and when it fires."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

from batcher.cli.flags.known_values import FIRING_UNKNOWNS, UNKNOWNS

OF_ONE_EVENT = ("unlisted", "no_ingestion_time")

F = TypeVar("F", bound=Callable[..., Any])


class SemanticFlag(NamedTuple):
    """A choice for one thing that AWS does not say; of ``readings`` the first is the default."""

    name: str
    flag: str
    label: str
    readings: tuple[tuple[str | bool, str], ...]


_MATCHING = [SemanticFlag(*row) for row in UNKNOWNS]
_FIRING = [SemanticFlag(*row) for row in FIRING_UNKNOWNS]


def semantics_options(command: F) -> F:
    """Add a flag for each unknown of matching; ``taken_firing`` takes them out again."""
    for unknown in reversed(_MATCHING):
        command = _option(unknown)(command)
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
    for unknown in reversed(_FIRING):
        command = _option(unknown)(command)
    return semantics_options(command)


def single_event_options(command: F) -> F:
    """Add a flag for each unknown that one event alone can show; ``taken_firing`` as well."""
    for unknown in reversed(_FIRING):
        if unknown.name in OF_ONE_EVENT:
            command = _option(unknown)(command)
    return semantics_options(command)


def _option(unknown: SemanticFlag) -> Callable[[F], F]:
    readings = dict(unknown.readings)
    default = next(iter(readings))
    if isinstance(default, bool):
        about = readings[True]
        return click.option(
            unknown.flag, unknown.name, default=default, show_default=True, help=about
        )
    if unknown.name == "timezone":
        about = readings[default].format("of this name, or offset")
        return click.option(
            unknown.flag, metavar="ZONE", default=default, show_default=True, help=about
        )
    kind, about = (
        click.Choice(list(map(str, readings))),
        f"{unknown.label[:1].upper()}{unknown.label[1:]}.",
    )
    return click.option(
        unknown.flag, unknown.name, type=kind, default=default, show_default=True, help=about
    )
