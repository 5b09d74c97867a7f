"""The flags that say what to change, in the order in which they are given."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from batcher.triggers.edits import (
    Edit,
    append_edit,
    remove_edit,
    replace_edit,
    set_edit,
    unset_edit,
)
from batcher.updates.json_schema import Schema

F = TypeVar("F", bound=Callable[..., Any])

_ORDER = "batcher.edit_order"  # in a context's meta: the names of its parameters, as they came

# by flag: what makes an edit of it
_MAKERS: dict[str, Callable[[Any, Schema], Edit]] = {
    "set_": set_edit,
    "unset": unset_edit,
    "append": append_edit,
    "remove": remove_edit,
    "replace": replace_edit,
}


class OrderedCommand(click.Command):
    """A command that remembers in which order its flags were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click tells a command only how often each flag was given."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [parameter.name for parameter in order]
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


def taken_edits(context: click.Context, given: dict[str, Any], schema: Schema) -> tuple[Edit, ...]:
    """Take the edits out of a command's flags, in their order. Raises InputError."""
    waiting = {name: iter(given.pop(name)) for name in _MAKERS}
    order = (name for name in context.meta[_ORDER] if name in waiting)
    return tuple(_MAKERS[name](next(waiting[name]), schema) for name in order)
