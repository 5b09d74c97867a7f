"""The flags of what AWS does not say."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from batcher.cli.flags.semantics import firing_options, semantics_options, single_event_options
from batcher.cli.semantics_options import taken_firing
from batcher.triggers.semantics.firing_options import FIRING_UNKNOWNS, FiringOptions
from batcher.triggers.semantics.options import UNKNOWNS


@click.command()
@firing_options
def _shown(**given: Any) -> None:
    options = taken_firing(given)
    assert given == {}
    click.echo(repr(options))


def _chosen(*flags: str) -> str:
    result = CliRunner().invoke(_shown, flags, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_without_flags_all_is_as_the_table_says() -> None:
    assert _chosen() == repr(FiringOptions())


@pytest.mark.parametrize("unknown", UNKNOWNS + FIRING_UNKNOWNS, ids=lambda unknown: unknown.name)
def test_each_row_has_its_flag(unknown: Any) -> None:
    first, _, second = unknown.flag.partition("/")
    last = unknown.choices[-1]
    flags = [first, str(last)] if not isinstance(last, bool) else [first if last else second]
    assert _chosen(*flags) == repr(FiringOptions(**{unknown.name: last}))


def test_a_command_has_the_flags_that_mean_something_to_it() -> None:
    def flags(add: Any) -> set[str]:
        command = click.command()(add(lambda **_: None))
        return {name for option in command.params for name in option.opts}

    assert flags(firing_options) - flags(single_event_options) >= {"--windows", "--omitted"}
    assert flags(single_event_options) - flags(semantics_options) == {
        "--unlisted",
        "--no-ingestion-time",
    }
    assert taken_firing({}) == FiringOptions()
