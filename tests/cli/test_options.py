"""Flags are read off the settings record: each setting of an entry point has one, and no other."""

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from batcher.cli.command_list import COMMANDS
from batcher.cli.options import (
    Choices,
    queue_argument,
    queue_option,
    run_options,
    settings_at_run,
    settings_from,
    settings_options,
)
from batcher.config import OF_LINT, OF_PLACE, OF_READING, options, resolve
from batcher.errors import SettingsError

CHOICES = set(Choices.__struct_fields__)


@pytest.mark.parametrize("entry_point", ["run", "worker"])
def test_each_setting_that_an_entry_point_knows_has_a_flag(entry_point: Any) -> None:
    command = click.command()(settings_options(lambda **_: None, entry_point))
    known = {each.name for each in options() if entry_point in each.entry_points}
    assert {param.name for param in command.params} == {*known, "config"}


def test_the_choices_of_a_start_are_taken_out_and_settings_are_left() -> None:
    given: dict[str, Any] = {}
    command = click.command()(run_options(lambda **values: given.update(values)))
    flags = ["--yes", "--json", "--out", "o.run", "--rate", "5", "--canary", "2"]
    assert CliRunner().invoke(command, flags).exit_code == 0
    choices = Choices.taken(given)
    assert choices == Choices(out=Path("o.run"), yes=True, dry_run=False, as_json=True)
    assert not CHOICES & given.keys()
    assert given.pop("config") is None
    settings = settings_from(given, None)
    assert (settings.rate, settings.canary) == (5, 2)


def test_a_flag_goes_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('rate = 1\nburst = 2\nread_rate = 3\n[targets.eu]\nregion = "eu-west-1"\n')
    monkeypatch.setenv("BATCHER_BURST", "20")
    monkeypatch.setenv("BATCHER_RATE", "10")
    settings = settings_from({"rate": "100", "burst": None}, file)
    assert (settings.rate, settings.burst, settings.read_rate) == (100, 20, 3)
    assert settings.known_targets == {"default", "eu"}
    with pytest.raises(SettingsError, match="--canary"):
        settings_from({"canary": "none"}, file)


@pytest.mark.parametrize("flag", ["--limiter", "--endpoint-url", "--results-to"])
@pytest.mark.parametrize("url", ["s3://h/0", "rediss://h/0", "http://h/0"])
@pytest.mark.parametrize(
    ("more", "secret"), [("", ""), ("?db=1", ""), ("?token=zebra", "zebra"), ("#zebra", "zebra")]
)
def test_what_the_list_of_processes_shows_is_said_with_where_to_put_it(
    flag: str, url: str, more: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = flag.removeprefix("--").replace("-", "_")
    with suppress(SettingsError):  # whatever is wrong with it besides
        settings_from({name: url + more}, None)
    said = capsys.readouterr().err
    assert (f"BATCHER_{name.upper()}, or as {name} in the file" in said) == bool(secret)
    assert "zebra" not in said


@pytest.mark.parametrize("add", [queue_option, queue_argument])
def test_of_a_queue_the_variable_is_named_and_what_is_in_it_is_taken(
    add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = click.command()(add(lambda **given: click.echo(given)))
    url = "redis://:zebra@h/0?stream=s"
    words = ["--queue", url] if add is queue_option else [url]
    given = CliRunner().invoke(command, words)
    assert "list of processes" in given.stderr
    assert "BATCHER_QUEUE" in given.stderr
    assert "zebra" not in given.stderr
    monkeypatch.setenv("BATCHER_QUEUE", url)
    taken = CliRunner().invoke(command, [])
    assert (taken.stderr, url in taken.stdout) == ("", True)


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
    command = getattr(import_module(f"batcher.cli.{name}"), name)
    flags = {parameter.name for parameter in command.params}
    if "profile" in flags and name not in REACH_NO_TARGET:
        assert flags >= (OF_PLACE if name in ASKS_ONCE else OF_READING)
    assert bool(flags & OF_LINT) is (name in LOOK_FOR_MISTAKES)


def test_a_run_is_looked_at_with_its_own_map_of_domains() -> None:
    run = resolve({"domain_map": "a=b"})
    for given in ({}, {"domain_map": "a=b"}):
        assert str(settings_at_run(given, None, run).domain_map) == "a=b"
    for given, base in (({"domain_map": "b=c"}, run), ({"domain_map": "a=b"}, resolve({}))):
        with pytest.raises(click.UsageError, match="Leave it out"):
            settings_at_run(given, None, base)


def test_a_map_of_a_variable_that_is_still_set_is_not_that_of_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BATCHER_DOMAIN_MAP", "b=c")
    assert settings_at_run({}, None, resolve({})).domain_map is None
