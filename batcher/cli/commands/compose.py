"""The flags of ``batcher compose``, and its help."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import DEFINITION_KINDS, OF_READING
from batcher.cli.flags.output import output_option
from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example

F = TypeVar("F", bound=Callable[..., Any])

EDIT_ORDER = "batcher.edit_order"  # in a context's meta: the names of its parameters, as they came

_FLAGS = (
    click.option(
        "--from",
        "written_as",
        type=click.Choice(DEFINITION_KINDS),
        help="What FILE is written in; default: by its name, else updates.",
    ),
    click.option(
        "--template",
        metavar="FILE|JSON",
        help="Members that every row of a CSV file has where its cells say nothing else.",
    ),
    click.option(
        "--parameter",
        "parameters",
        multiple=True,
        metavar="NAME=VALUE",
        help="What a name stands for that a template of CloudFormation refers to; may be repeated.",
    ),
    click.option(
        "--current",
        metavar="FILE|live",
        help="FILE is what is wanted, and this what there is: only the difference is written.",
    ),
    click.option(
        "--format",
        "written_in",
        type=click.Choice(["jsonl", "csv"]),
        default="jsonl",
        show_default=True,
        help="Write updates, or all that is meant as a table.",
    ),
    click.option(
        "--columns",
        multiple=True,
        metavar="PATH,…",
        help="Columns of the table; default: the members that are no lists.",
    ),
)


def definition_options(command: F) -> F:
    """Add the flags."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


class OrderedCommand(click.Command):
    """A command that remembers in which order its flags were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click tells a command only how often each flag was given."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[EDIT_ORDER] = [parameter.name for parameter in order]
        return super().parse_args(ctx, args)


def edit_options(command: F) -> F:
    """Add the flags."""
    for option in (
        click.option(
            "--replace",
            multiple=True,
            nargs=3,
            metavar="PATH OLD NEW",
            help="Put NEW where the value, or an entry of the list, is OLD.",
        ),
        click.option(
            "--remove",
            multiple=True,
            metavar="PATH=JSON",
            help="Take these entries out of the list.",
        ),
        click.option(
            "--append",
            multiple=True,
            metavar="PATH=JSON",
            help="Add an entry to the list, unless it is there.",
        ),
        click.option(
            "--unset",
            multiple=True,
            metavar="PATH",
            help="Leave out what is below a member.",
        ),
        click.option(
            "--set",
            "set_",
            multiple=True,
            metavar="PATH=JSON",
            help="Put the value there; what is no JSON is a text.",
        ),
    ):
        command = option(command)
    return command


@click.command(
    cls=OrderedCommand,
    epilog=example("batcher compose acme.jsonl --set SegmentFilter=vip --out updates.jsonl"),
)
@click.argument("file", metavar="FILE")
@edit_options
@click.option(
    "--where",
    metavar="EXPRESSION",
    help="Only triggers of which this is true, in JMESPath: ObjectTypeName == 'Orders'.",
)
@definition_options
@output_option("Write to this file; default: standard output.")
@selection_options
@partial(settings_options, only={*OF_READING, "without_target"})
@done_by("batcher.cli.compose:do_compose")
def compose() -> None:
    """Make updates of FILE that hold only what changes.

    FILE: an export or a table. Sends nothing. What is to change is told by --set, --unset,
    --append, --remove and --replace, which are applied in the order given, or by FILE and
    --current. Nothing is written when an update would break a rule. Exits with 1 when a trigger
    that is meant can't be as asked.
    """
