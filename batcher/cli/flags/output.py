"""The flags that say where what a command finds goes, and as what."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from batcher.cli import ERROR_AS_JSON

F = TypeVar("F", bound=Callable[..., Any])


def output_option(about: str) -> Callable[[F], F]:
    """Add ``--out FILE`` and ``--force``, without which a file that is there stays."""
    path = click.Path(dir_okay=False, path_type=Path)

    def add(command: F) -> F:
        command = click.option(
            "--force", is_flag=True, help="Replace the file of --out where there is one."
        )(command)
        return click.option("--out", type=path, help=about)(command)

    return add


def sensitive_option(command: F) -> F:
    """Add ``--show-sensitive``, which ``check_sensitive`` refuses where nobody looks."""
    about = "Also show what sensitive members hold, on a terminal."
    return click.option("--show-sensitive", is_flag=True, help=about)(command)


def json_option(about: str) -> Callable[[F], F]:
    """Add ``--json``: one JSON object on standard output, with ``error`` where one ended it."""
    return click.option(
        "--json", "as_json", is_flag=True, is_eager=True, help=about, callback=_note_json
    )


def _note_json(context: click.Context, _: click.Parameter, wanted: bool) -> bool:
    context.meta[ERROR_AS_JSON] = wanted
    return wanted
