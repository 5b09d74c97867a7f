"""``--hook``: a hook beside those of the settings file."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from batcher.cli.output.echo import echo
from batcher.config import Settings
from batcher.config.hook_settings import parse_hook, read_hooks

F = TypeVar("F", bound=Callable[..., Any])


def hook_option(command: F) -> F:
    """Add ``--hook``."""
    return click.option(
        "--hook",
        multiple=True,
        metavar="EVENT=COMMAND|URL",
        help="Tell a command or a webhook of that event; may be repeated. More: [[hooks]] in the"
        " file of --config.",
    )(command)


def with_hooks(settings: Settings, texts: Sequence[str]) -> Settings:
    """Settings with the hooks of the command line beside theirs. Raises SettingsError."""
    if not texts:
        return settings
    hooks = read_hooks("--hook", list(map(parse_hook, texts)))
    if any(hook.url is not None and hook.url.strip("/").count("/") > 2 for hook in hooks):
        echo(
            "--hook: all users of this host can read the whole address in the list of processes"
            " (ps). Where it has a secret in it, give it as url in [[hooks]] of the file of"
            " --config instead.",
            err=True,
        )
    return replace(settings, hooks=(*settings.hooks, *hooks))
