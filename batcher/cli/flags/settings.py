"""A flag for each setting, read off the record of settings, so that none is written down twice."""

import os
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from batcher.cli.command_group import loaded
from batcher.cli.flags.known_values import SETTINGS

F = TypeVar("F", bound=Callable[..., Any])

_speak_json = loaded("batcher.cli.output.json_lines:speak_json")


class SettingFlag(NamedTuple):
    """What the command line says about one setting. ``default``: as it is shown, if it is.

    ``metavar`` stands for its value in a help text; ``entry_points`` are those that know it;
    ``is_list``: its flag may be repeated, and each time counts.
    """

    name: str
    help: str
    default: str | bool | None
    metavar: str
    is_flag: bool
    is_list: bool
    entry_points: tuple[str, ...]

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


_FLAGS = [SettingFlag(*row) for row in SETTINGS]


def settings_options(
    command: F,
    entry_point: str = "run",
    only: Container[str] | None = None,
    without: Container[str] = (),
) -> F:
    """Add ``--config`` and a flag for every setting that this entry point knows.

    ``only``: for those among them that are named; ``without``: not for those.
    """
    for each in reversed(_FLAGS):
        is_wanted = each.name not in without and (only is None or each.name in only)
        if entry_point in each.entry_points and is_wanted:
            command = _option(each)(command)
    path = click.Path(dir_okay=False, path_type=Path)
    return click.option(
        "--config",
        type=path,
        envvar="BATCHER_CONFIG",
        help="Settings from a TOML file; examples in configs/.",
    )(command)


def hook_option(command: F) -> F:
    """Add ``--hook``: a hook beside those of the settings file."""
    return click.option(
        "--hook",
        multiple=True,
        metavar="EVENT=COMMAND|URL",
        help="Tell a command or a webhook of that event; may be repeated. More: [[hooks]] in the"
        " file of --config.",
    )(command)


def joined(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    """What a flag that was given more than once comes to: each time counts."""
    return ",".join(given) or None


def _option(each: SettingFlag) -> Callable[[F], F]:
    default = "" if each.default in (None, False) else f"  [default: {each.default}]"
    if each.is_flag and each.default is not False:
        no = each.flag.replace("--", "--no-", 1)
        return click.option(f"{each.flag}/{no}", each.name, default=None, help=each.help + default)
    if each.is_flag:
        return click.option(each.flag, each.name, is_flag=True, default=None, help=each.help)
    return click.option(
        each.flag,
        each.name,
        metavar=each.metavar,
        help=each.help + default,
        multiple=each.is_list,
        callback=joined if each.is_list else _SPOKEN.get(each.name),
    )


def _speak(context: click.Context, _: click.Parameter, given: str | None) -> str | None:
    """Say all as JSON from now on where that is known to be asked for, before a file is read."""
    no_progress = context.params.get("no_progress") or os.environ.get("BATCHER_NO_PROGRESS")
    asked = given or (None if no_progress else os.environ.get("BATCHER_PROGRESS"))
    if asked == "json" and not context.resilient_parsing:
        _speak_json()
    return given


_SPOKEN = {"progress": _speak}
