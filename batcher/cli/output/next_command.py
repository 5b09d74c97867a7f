"""Commands that are offered to people: whole, so that they can be pasted into a shell."""

import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

import click
from click.core import ParameterSource

from batcher.config import OF_PLACE
from batcher.foreign_text import shown_url

# what says where, as whom and in which way updates are sent; none of it is secret
CARRIED = OF_PLACE | {
    "config",
    "organization",
    "whole",
    "merge",
    "create_missing",
    "with_integrations",
    "protected",
}

# of the same input; what is made of a part of it is that part already
SELECTION = frozenset({"only", "exclude", "only_file", "domains", "only_target"})

FOR_LINT = SELECTION | {
    "config",
    "organization",
    "target",
    "create_missing",
    "domain_map",
    "skip_invalid",
    "lint_ignore",
    "lint_select",
}
OF_LINT = {"--lint-ignore": "--ignore", "--lint-select": "--select"}  # as lint itself has them

# of commands on the input as it stands; all others take what was made of it
CARRIED_TO = {
    "lint": FOR_LINT,
    "plan": CARRIED | SELECTION | {"domain_map"},
    "report": frozenset[str](),
    **dict.fromkeys(("retry", "rollback", "verify"), CARRIED - {"target"}),  # the run has its own
}


def next_command(name: str, path: Path | str | None, *more: str) -> str:
    """A command of batcher's, on that path if any, with the flags of place of the one under way.

    What came from variables is left out: it is still there. ``path``: as text it may be ``-`` or
    ``s3://…``. ``more``: further words of the command; a flag among them is not given again.
    """
    given = [] if path is None else [_no_flag(str(path))]
    return shlex.join(["batcher", name, *given, *more, *_carried(name, more)])


def _no_flag(text: str) -> str:
    return f"./{text}" if text.startswith("-") and text != "-" else text


def _carried(name: str, more: Collection[str]) -> Iterator[str]:
    if (context := click.get_current_context(silent=True)) is None:
        return
    carried = CARRIED_TO.get(name, CARRIED)
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name in carried and parameter.opts[0] not in more:
            value = context.params[name]
            for each in value if isinstance(value, tuple) else [value]:
                yield OF_LINT.get(parameter.opts[0], parameter.opts[0])
                if each is not True:
                    yield shown_url(each) if name == "endpoint_url" else str(each)
