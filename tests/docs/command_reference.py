"""Each command with its arguments and flags, as ``--help`` has them."""

import inspect
from collections.abc import Iterator
from textwrap import fill

import click

from batcher.cli import batcher
from batcher.cli.command_list import GROUPS
from batcher.config import options
from tests.docs.markdown_tables import code, table

SETTINGS = {option.name for option in options()}


def command_reference() -> str:
    """A heading for each group and command."""
    root = click.Context(batcher, info_name="batcher")
    return "\n" + "\n".join("\n".join(_group(root, *group)) for group in GROUPS.items()) + "\n"


def _group(root: click.Context, title: str, names: dict[str, str]) -> Iterator[str]:
    yield f"## {title}\n"
    for name in names:
        yield from _command(root, batcher.get_command(root, name), name)


def _command(parent: click.Context, command: click.Command | None, name: str) -> Iterator[str]:
    assert command is not None
    context = click.Context(command, parent, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"### {context.command_path}\n"
    yield f"```text\n{context.command_path} {usage}\n```\n"
    yield f"{_about(command)}\n"
    own = [each for each in _options(command) if each.name not in SETTINGS]
    if own:
        yield table(("flag", "what"), [_row(each, context) for each in own])
    if shared := [each.opts[0] for each in _options(command) if each.name in SETTINGS]:
        yield _filled(f"Settings: {code(*shared)}.") + "\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _command(context, command.get_command(context, each), each)


def _options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option) and not each.hidden]


def _about(command: click.Command) -> str:
    """The paragraphs of its help."""
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    said = [" ".join(each.split()) for each in text.split("\n\n")]
    return "\n\n".join(_filled(each.replace("<", "&lt;").replace("*", "\\*")) for each in said)


def _filled(text: str) -> str:
    return fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _row(option: click.Option, context: click.Context) -> tuple[str, str]:
    record = option.get_help_record(context)
    assert record is not None
    return f"`{record[0]}`", record[1].replace("*", "\\*").replace("<", "&lt;")
