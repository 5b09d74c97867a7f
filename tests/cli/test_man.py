"""The command ``man``: every command and flag is in the page, and man reads it without a word."""

import shutil
import subprocess

import click
import pytest
from click.testing import CliRunner

from batcher.cli import batcher
from batcher.cli.command_list import COMMANDS


@pytest.fixture(scope="module")
def page() -> str:
    printed = CliRunner().invoke(batcher, ["man"])
    assert printed.exit_code == 0
    return printed.output


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_it_with_all_its_flags(name: str, page: str) -> None:
    command = batcher.get_command(click.Context(batcher), name)
    part = page.partition(f'\n.SS "batcher {name}"\n')[2].partition("\n.SS ")[0]
    assert COMMANDS[name].replace("-", "\\-") in part
    flags = [each.opts[0] for each in command.params if isinstance(each, click.Option)]
    for flag in flags:
        assert f"\n.B {flag}".replace("-", "\\-") in part


def test_man_has_nothing_to_complain_of(page: str) -> None:
    if (groff := shutil.which("groff")) is None:
        pytest.skip("no groff here")
    read = subprocess.run(
        [groff, "-k", "-man", "-ww", "-Tutf8", "-P-cbou"],
        input=page.encode(),
        capture_output=True,
        check=True,
    )
    assert read.stderr == b""
    assert b"BEFORE A RUN" in read.stdout
