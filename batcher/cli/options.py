"""Flags read off the settings record, so that no option is written down twice."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from batcher.config import Option, Settings, options, resolve

F = TypeVar("F", bound=Callable[..., Any])


def settings_options(command: F) -> F:
    """Add ``--config`` and a flag for every setting."""
    for option in reversed(options()):
        command = _flag(option)(command)
    path = click.Path(dir_okay=False, path_type=Path)
    return click.option(
        "--config", type=path, envvar="BATCHER_CONFIG", help="Settings from a TOML file; examples in configs/."
    )(command)


def settings_from(given: Mapping[str, Any], config: Path | None) -> Settings:
    """The settings of a command from its flags, the environment and its file. Raises SettingsError."""
    import os

    return resolve(given, environ=os.environ, file=config)


def _flag(option: Option) -> Callable[[F], F]:
    default = "" if option.default in (None, False) else f"  [default: {_short(option.default)}]"
    if option.is_flag:
        return click.option(option.flag, option.name, is_flag=True, default=None, help=option.help)
    return click.option(option.flag, option.name, metavar=option.metavar, help=option.help + default)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
