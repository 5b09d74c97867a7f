"""What the flags say is to be changed, in the order in which they are given."""

from collections.abc import Callable
from typing import Any

import click

from batcher.cli.commands.compose import EDIT_ORDER
from batcher.triggers.edits import (
    Edit,
    append_edit,
    remove_edit,
    replace_edit,
    set_edit,
    unset_edit,
)
from batcher.updates.json_schema import Schema

# by flag: what makes an edit of it
_MAKERS: dict[str, Callable[[Any, Schema], Edit]] = {
    "set_": set_edit,
    "unset": unset_edit,
    "append": append_edit,
    "remove": remove_edit,
    "replace": replace_edit,
}


def taken_edits(context: click.Context, given: dict[str, Any], schema: Schema) -> tuple[Edit, ...]:
    """Take the edits out of a command's flags, in their order. Raises InputError."""
    waiting = {name: iter(given.pop(name)) for name in _MAKERS}
    order = (name for name in context.meta[EDIT_ORDER] if name in waiting)
    return tuple(_MAKERS[name](next(waiting[name]), schema) for name in order)
