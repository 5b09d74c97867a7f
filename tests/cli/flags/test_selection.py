"""The flags of a selection are those that ``taken_selection`` takes."""

from typing import Any

import click
from click.testing import CliRunner

from batcher.cli.flags.selection import selection_options
from batcher.cli.selection import taken_selection
from batcher.updates.selection import Selection


def test_what_the_flags_say_is_one_selection() -> None:
    given: dict[str, Any] = {}
    command = click.command()(selection_options(lambda **values: given.update(values)))
    flags = ["--only", "a*", "--exclude", "ab", "--domain", "acme", "--domain", "globex"]
    assert CliRunner().invoke(command, flags).exit_code == 0
    expected = Selection.of(only=["a*"], exclude=["ab"], domains=["acme", "globex"], names=None)
    assert taken_selection(given) == expected
    assert given == {}
