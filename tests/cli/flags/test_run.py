"""A command that is a run has a flag for each choice of a start, and for each setting."""

from typing import Any

import click
import pytest

from batcher.cli.flags.run import follow_up_options, run_options
from batcher.cli.options import Choices
from batcher.config import OF_LINT, options

KNOWN = {each.name for each in options() if "run" in each.entry_points}


@pytest.mark.parametrize(
    ("add", "without"), [(run_options, set[str]()), (follow_up_options, OF_LINT)]
)
def test_a_run_has_the_flags_of_its_choices_and_settings_and_no_other(
    add: Any, without: set[str]
) -> None:
    command = click.command()(add(lambda **_: None))
    wanted = {*Choices.__struct_fields__, "hook", "config", *KNOWN - without}
    assert {param.name for param in command.params} == wanted
