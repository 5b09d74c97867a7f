"""The flags of a command that is a run; what is no setting among them, ``options.Choices`` has."""

from collections.abc import Callable, Container
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from batcher.cli.flags.known_values import OF_LINT
from batcher.cli.flags.output import json_option
from batcher.cli.flags.settings import hook_option, settings_options

F = TypeVar("F", bound=Callable[..., Any])


def repair_option(command: F) -> F:
    """Add ``--repair``."""
    about = "Of a run directory that something else has changed, take what is provably whole."
    return click.option("--repair", is_flag=True, help=about)(command)


def confirm_option(command: F) -> F:
    """Add ``--confirm``."""
    about = "Name or account of a protected target, instead of typing it; may be repeated."
    return click.option("--confirm", multiple=True, metavar="NAME", help=about)(command)


def follow_up_options(command: F) -> F:
    """Add the flags of a run that follows another, whose lines lint has nothing to say of."""
    return run_options(command, without=OF_LINT)


def run_options(command: F, without: Container[str] = ()) -> F:
    """Add the flags of a command that is a run: those of Choices, and every setting.

    ``without``: but for those.
    """
    for option in (
        json_option("Print the summary as one JSON object on standard output."),
        click.option(
            "--dry-run",
            is_flag=True,
            help="Check everything, say what would be done, send nothing.",
        ),
        confirm_option,
        repair_option,
        hook_option,
        click.option("--yes", is_flag=True, help="Start without asking."),
        click.option(
            "--override-check", is_flag=True, help="Go on after a wave whose check has failed."
        ),
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            help="Run directory; by default named after what is run.",
        ),
        partial(settings_options, without=without),
    ):
        command = option(command)
    return command
