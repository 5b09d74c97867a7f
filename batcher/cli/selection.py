"""The flags that narrow a job to some of its triggers."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from batcher.config.given_text import clean_text
from batcher.sources.name_list import read_names
from batcher.updates.selection import Selection

F = TypeVar("F", bound=Callable[..., Any])


def selection_options(command: F) -> F:
    """Add the flags that narrow a job to some triggers."""
    return domain_option("Only triggers of this domain; may be repeated.")(name_options(command))


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


def taken_selection(given: dict[str, Any], *, domains: bool = True) -> Selection | None:
    """Take the selection out of a command's flags; None where all is selected.

    ``domains``: it is narrowed to these, too. Raises SettingsError for a file that can't be read,
    and for what is no text.
    """
    only, exclude = _clean("only", given.pop("only")), _clean("exclude", given.pop("exclude"))
    file, names = given.pop("only_file"), None
    if file is not None:
        names = read_names(file)
    inside = _clean("domain", given.pop("domains")) if domains else []
    return Selection.of(only=only, exclude=exclude, domains=inside, names=names)


def _clean(flag: str, texts: Iterable[str]) -> list[str]:
    return [clean_text(f"--{flag}", text) for text in texts]
