"""Whatever is no number, or no such one, is told with its flag, what was given and what may be."""

from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from batcher.cli import batcher
from batcher.cli.command_list import COMMANDS
from batcher.cli.flags.numbers import RealNumber, ValueCommand, WholeNumber

NUMBERS = (click.types.FloatParamType, click.types.IntParamType)


def _all(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if isinstance(found, click.Group):
            yield from _all(found, (*words, name))
        else:
            yield " ".join([*words, name]), found


NUMERIC = {
    f"{name} {option.opts[0]}": option
    for name, command in _all(batcher)
    for option in command.params
    if isinstance(option, click.Option) and isinstance(option.type, NUMBERS)
}


def test_every_number_of_a_command_is_of_a_kind_that_tells_its_bounds() -> None:
    assert len(COMMANDS) > 20
    others = {name for name, each in NUMERIC.items() if not isinstance(each.type, _BOUNDED)}
    assert others == {"emulator --random-seed"}  # which has none


_BOUNDED = (RealNumber, WholeNumber)

TEXTS = st.sampled_from(["nan", "inf", "-inf", "1e999", "-1", "-0.5", "x", "", "½", "0x10"])


@pytest.mark.parametrize("name", [each for each in NUMERIC if "--random-seed" not in each])
@given(text=TEXTS)
def test_what_is_no_such_number_is_refused_before_anything_is_done(name: str, text: str) -> None:
    *words, flag = name.split()
    ended = CliRunner().invoke(batcher, [*words, flag, text])
    assert ended.exit_code == 2
    assert f"Invalid value for '{flag}': can't be {text!r}: give a" in ended.output
    assert "number" in ended.output


@pytest.mark.parametrize(
    ("kind", "text", "taken"),
    [(RealNumber(0, min_open=True), "0.5", 0.5), (WholeNumber(1, 9), "9", 9)],
)
def test_a_number_within_the_bounds_is_taken(kind: Any, text: str, taken: float) -> None:
    assert kind.convert(text, None, None) == taken


@pytest.mark.parametrize("text", ["-1", "-.5", "-5%", "-inf", "-nan"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_negative_number_is_an_argument_and_what_follows_it_is_none(
    text: str, place: int
) -> None:
    @click.command(cls=ValueCommand)
    @click.argument("name")
    @click.argument("value")
    @click.option("--json", "as_json", is_flag=True)
    def command(name: str, value: str, as_json: bool) -> None:
        click.echo(f"{name} {value} {as_json}")

    words = ["rate", text]
    words.insert(place, "--json")
    assert CliRunner().invoke(command, words).output == f"rate {text} True\n"
    assert CliRunner().invoke(command, [*words, "--jsno"]).exit_code == 2
