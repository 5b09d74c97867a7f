"""What flags say is taken as settings and as choices, and what others could read is said."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from batcher.cli.flags.run import run_options
from batcher.cli.options import Choices, settings_at_run, settings_from
from batcher.config import resolve
from batcher.errors import SettingsError

CHOICES = set(Choices.__struct_fields__)


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


@pytest.mark.parametrize(("value", "is_told"), [("1", True), ("yes", True), ("True", False)])
def test_a_switch_of_the_sdk_that_means_no_without_saying_so_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: str,
    *,
    is_told: bool,
) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", value)
    settings_from({}, None)
    assert (f"AWS_USE_FIPS_ENDPOINT={value} means no: " in capsys.readouterr().err) == is_told
