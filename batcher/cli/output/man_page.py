"""The man page, made of what the commands say of themselves."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping

import click


def man_page(
    root: click.Context,
    groups: Mapping[str, Iterable[str]],
    version: str,
    exit_codes: Mapping[int, str],
) -> str:
    """The page of a group of commands, in the macros of man(7); ``groups``: their names."""
    return "\n".join([*_lines(root, groups, version), *_exit_status(exit_codes)])


def _lines(root: click.Context, groups: Mapping[str, Iterable[str]], version: str) -> Iterator[str]:
    command = root.command
    assert isinstance(command, click.Group)
    name = _text(command.name or "")
    about = _text(" ".join(inspect.cleandoc(command.help or "").split()).rstrip("."))
    yield f'.TH {name.upper()} 1 "" "{name} {_text(version)}" "User Commands"'
    yield from (".SH NAME", f"{name} \\- {about}", ".SH SYNOPSIS", f".B {name}")
    yield _text(_usage(root))
    yield from (".SH OPTIONS", *_options(root))
    for group, names in groups.items():
        yield f'.SH "{_text(group.upper())}"'
        for each in names:
            found = command.get_command(root, each)
            assert found is not None
            yield from _command(click.Context(found, root, info_name=each))


def _command(context: click.Context) -> Iterator[str]:
    command = context.command
    yield f'.SS "{_text(context.command_path)}"'
    yield from (".B", _text(f"{context.command_path} {_usage(context)}"))
    for paragraph in _paragraphs(command.help, command.epilog):
        yield from (".PP", paragraph)
    yield from _options(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _command(click.Context(found, context, info_name=name))


def _exit_status(codes: Mapping[int, str]) -> Iterator[str]:
    yield '.SH "EXIT STATUS"'
    for code, meaning in codes.items():
        yield from (".TP", f".B {code}", _text(meaning))


def _usage(context: click.Context) -> str:
    return " ".join(context.command.collect_usage_pieces(context))


def _paragraphs(*texts: str | None) -> Iterator[str]:
    for text in texts:
        for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text or "").replace("\b\n", "")):
            if said := " ".join(paragraph.split()):
                yield _text(said)


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record is not None:
            names, about = record
            yield from (".TP", f".B {_text(names)}", _text(" ".join(about.split())))


def _text(text: str) -> str:
    """A text as it is, of which roff takes nothing as its own."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
