"""Times on the command line become those of the records, or are refused."""

import click
import pytest

from batcher.cli.flags.moment import moment

COMMAND = click.Command("c", params=[click.Option(["--since"], callback=moment)])


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-11-26T14:00+02:00", "2026-11-26T12:00:00.000Z"),
        ("2026-11-26T14:00:00.5Z", "2026-11-26T14:00:00.500Z"),
    ],
)
def test_a_time_is_that_of_the_records(given: str, meant: str) -> None:
    assert COMMAND.make_context("c", ["--since", given]).params == {"since": meant}


@pytest.mark.parametrize("given", ["yesterday", "", "0001-01-01T00:00+23:59", "2026-13-01"])
def test_what_is_none_is_refused(given: str) -> None:
    with pytest.raises(click.BadParameter, match="no ISO 8601 time"):
        COMMAND.make_context("c", ["--since", given])
