"""The flags of what AWS does not say."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from batcher.cli.semantics_options import semantics_options, taken_semantics
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions


@click.command()
@semantics_options
def _shown(**given: Any) -> None:
    options = taken_semantics(given)
    assert given == {}
    click.echo(repr(options))


def _chosen(*flags: str) -> str:
    result = CliRunner().invoke(_shown, flags, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_without_flags_all_is_as_the_table_says() -> None:
    assert _chosen() == repr(SemanticsOptions())


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=lambda unknown: unknown.name)
def test_each_row_has_its_flag(unknown: Any) -> None:
    first, _, second = unknown.flag.partition("/")
    last = unknown.choices[-1]
    flags = [first, str(last)] if not isinstance(last, bool) else [first if last else second]
    assert _chosen(*flags) == repr(SemanticsOptions(**{unknown.name: last}))
