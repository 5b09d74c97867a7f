"""The flags that say which queue, and where it is."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from batcher.cli.command_group import loaded

F = TypeVar("F", bound=Callable[..., Any])

_clean_given = loaded("batcher.cli.options:clean_given")


def queue_argument(command: F) -> F:
    """Add the argument ``URL``, the queue that is looked after."""
    return click.argument("url", metavar="URL", envvar="BATCHER_QUEUE", callback=_cleaned)(command)


def queue_option(command: F, *, required: bool = True) -> F:
    """Add ``--queue``."""
    about = "The queue: spool:DIR, sqs:NAME_OR_URL, or redis://HOST/DB?stream=NAME."
    return click.option(
        "--queue",
        required=required,
        envvar="BATCHER_QUEUE",
        metavar="URL",
        help=about,
        callback=_cleaned,
    )(command)


def sqs_options(command: F) -> F:
    """Add the flags that say where an SQS queue is."""
    command = click.option(
        "--region",
        envvar="BATCHER_REGION",
        metavar="TEXT",
        help="AWS Region of an SQS queue.",
        callback=_cleaned,
    )(command)
    return click.option(
        "--profile",
        envvar="BATCHER_PROFILE",
        metavar="TEXT",
        help="Profile to reach it with.",
        callback=_cleaned,
    )(command)


def _cleaned(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """A text that is no setting, taken as strictly as one."""
    if context.resilient_parsing:  # a shell asks what would complete it
        return given
    cleaned: str | None = _clean_given(context, parameter, given)
    return cleaned
