"""The listing says of each command what its own help begins with, and cuts nothing off."""

import click
import pytest
from click.testing import CliRunner

from batcher.cli import batcher
from batcher.cli.command_list import COMMANDS, GROUPS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_first_sentence_of_its_help(name: str) -> None:
    command = batcher.get_command(click.Context(batcher), name)
    assert command is not None
    assert command.help.split("\n")[0] == COMMANDS[name]
    assert COMMANDS[name].endswith(".")
    assert command.name == name
    assert not command.hidden


def test_the_listing_has_every_sentence_in_one_line_of_80_columns() -> None:
    shown = CliRunner().invoke(batcher, ["--help"], terminal_width=80).output.splitlines()
    assert max(map(len, shown)) <= 80
    listed = [line.strip() for line in shown]
    for group, commands in GROUPS.items():
        at = listed.index(f"{group}:")
        found = listed[at + 1 : at + 1 + len(commands)]
        assert [line.split(maxsplit=1) for line in found] == [
            list(each) for each in commands.items()
        ]
