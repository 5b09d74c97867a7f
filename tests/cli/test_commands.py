"""The loader of commands.

What it lists is what each command says of itself, and costs no imports.
"""

import re
import shlex
import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from batcher.cli import COMMANDS, batcher

HEAVY = ("aiobotocore", "anyio", "batcher.config", "botocore", "msgspec", "redis", "rich")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("width", [30, 45, 200])
def test_the_listing_says_of_a_command_what_its_own_help_begins_with(name: str, width: int) -> None:
    command = batcher.get_command(click.Context(batcher), name)
    assert command is not None
    listed = click.Command(name, help=COMMANDS[name])
    assert listed.get_short_help_str(width) == command.get_short_help_str(width)
    assert not command.hidden


def test_what_is_no_command_is_none() -> None:
    assert batcher.get_command(click.Context(batcher), "no-such") is None


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_import_nothing_that_is_heavy(flag: str) -> None:
    code = (
        "import sys; from batcher.cli import batcher\n"
        f"batcher.main([{flag!r}], standalone_mode=False)\n"
        f"print(*sorted(sys.modules.keys() & set({HEAVY!r})), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.split() == []
    assert all(name in ended.stdout for name in COMMANDS) is (flag == "--help")


def test_commands_are_completed_as_they_are_listed() -> None:
    completer = ShellComplete(batcher, {}, "batcher", "_BATCHER_COMPLETE")
    assert [(each.value, each.help) for each in completer.get_completions([], "qu")] == [
        ("quota", "Show the quotas that are remembered:..."),
        ("queue", "Look after a queue: its depth, its dead..."),
    ]


@pytest.mark.parametrize("name", [*COMMANDS, "queue status", "queue dead", "queue redrive"])
def test_help_has_an_example_in_one_line_with_flags_that_exist(name: str) -> None:
    shown = CliRunner().invoke(batcher, [*name.split(), "--help"], terminal_width=80).output
    examples = re.findall(r"^ *Example: batcher (.+)$", shown, re.MULTILINE)
    assert examples
    for example in examples:
        command, arguments = batcher, shlex.split(example.partition(" > ")[0])
        while isinstance(command, click.Group):
            context = click.Context(command)
            command = command.get_command(context, arguments.pop(0))
        command.make_parser(click.Context(command)).parse_args(arguments)
