"""The flags that narrow a job to some of its triggers, or to some of its targets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def selection_options(command: F) -> F:
    """Add the flags that narrow a job to some triggers, of several targets to some of these."""
    narrowed = domain_option("Only triggers of this domain; may be repeated.")
    return narrowed(target_option(name_options(command)))


def target_option(command: F) -> F:
    """Add ``--only-target``."""
    return click.option(
        "--only-target",
        multiple=True,
        metavar="NAME",
        help="Only what is for this target, by its name or account, or as a glob of names; may be"
        " repeated.",
    )(command)


def domain_option(about: str) -> Callable[[F], F]:
    """Add ``--domain``."""
    return click.option("--domain", "domains", multiple=True, metavar="NAME", help=about)


def name_options(command: F) -> F:
    """Add the flags that narrow a job to triggers by their names."""
    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--only-file",
            type=path,
            metavar="FILE",
            help="Only the triggers that this file names, NAME or DOMAIN/NAME, one a line.",
        ),
        click.option(
            "--exclude",
            multiple=True,
            metavar="GLOB",
            help="Not triggers of such a name; may be repeated.",
        ),
        click.option(
            "--only",
            multiple=True,
            metavar="GLOB",
            help="Only triggers of such a name, with a slash of such a DOMAIN/NAME; may be"
            " repeated.",
        ),
    ):
        command = option(command)
    return command
