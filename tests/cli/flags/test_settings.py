"""Flags are read off the settings record: each setting of an entry point has one, and no other."""

from importlib import import_module
from typing import Any

import click
import pytest
from click.testing import CliRunner

from batcher.cli.command_list import COMMANDS
from batcher.cli.flags.settings import settings_options
from batcher.config import OF_LINT, OF_PLACE, OF_READING, options


@pytest.mark.parametrize("entry_point", ["run", "worker"])
def test_each_setting_that_an_entry_point_knows_has_a_flag(entry_point: Any) -> None:
    command = click.command()(settings_options(lambda **_: None, entry_point))
    known = {each.name for each in options() if entry_point in each.entry_points}
    assert {param.name for param in command.params} == {*known, "config"}


def test_a_map_of_domains_may_be_given_in_parts() -> None:
    given: dict[str, Any] = {}
    command = click.command()(settings_options(lambda **values: given.update(values)))
    CliRunner().invoke(command, ["--domain-map", "a=b", "--domain-map", "c=d"])
    assert given["domain_map"] == "a=b,c=d"


REACH_NO_TARGET = {"validate", "explain", "enqueue"}  # profile and Region are of a file or queue
ASKS_ONCE = {"doctor"}  # and keeps to no pace
LOOK_FOR_MISTAKES = {"lint", "plan", "run", "rehearse"}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_reads_of_aws_takes_all_settings_of_place_and_pace_and_lint_those_that_lint(
    name: str,
) -> None:
    command = getattr(import_module(f"batcher.cli.commands.{name}"), name)
    flags = {parameter.name for parameter in command.params}
    if "profile" in flags and name not in REACH_NO_TARGET:
        assert flags >= (OF_PLACE if name in ASKS_ONCE else OF_READING)
    assert bool(flags & OF_LINT) is (name in LOOK_FOR_MISTAKES)
