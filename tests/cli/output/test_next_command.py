"""An offered command does what the one that offers it looked at."""

import shlex
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from batcher.cli.flags.selection import selection_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.next_command import CARRIED, next_command
from batcher.config import options
from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger

OFFERED = "to do it: batcher "


def offered(*flags: str, path: str = "a plan.jsonl", name: str = "run") -> list[str]:
    found = []

    @settings_options
    def command(**_: object) -> None:
        found.extend(shlex.split(next_command(name, Path(path))))

    click.command(command).main([*flags], standalone_mode=False)
    return found


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--config", "my c.toml", "--target", "it's", "--merge"],
        ["--endpoint-url", "http://127.0.0.1:1", "--region", "eu-west-1", "--profile", "a $b"],
        ["--account", "112233313609", "--role-arn", "arn:x", "--create-missing", "--protected"],
        ["--create-missing", "--with-integrations"],
        ["--config", "patterns.toml", "--organization", "ou-ab12-11111111"],
    ],
)
def test_flags_of_place_are_carried_over_and_survive_a_shell(flags: list[str]) -> None:
    found = offered(*flags)
    assert found[:3] == ["batcher", "run", "a plan.jsonl"]
    assert sorted(found[3:]) == sorted(flags)


def test_a_flag_that_the_command_has_is_not_carried_over_it() -> None:
    found = []

    @settings_options
    def command(**_: object) -> None:
        found.extend(shlex.split(next_command("export", None, "--target", "own")))

    click.command(command).main(["--target", "x", "--region", "r"], standalone_mode=False)
    assert found == ["batcher", "export", "--target", "own", "--region", "r"]


def test_nothing_else_is_carried_and_no_parameter_of_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHER_CONFIG", "c.toml")
    assert offered("--limiter", "redis://:secret@h/0", "--rate", "5", path="-x")[2:] == ["./-x"]
    assert "secret" not in str(offered("--endpoint-url", "http://h/?token=secret"))
    assert {"config"} == CARRIED - {option.name for option in options()}


def test_lint_is_offered_with_the_choice_of_codes_and_of_lines_under_its_own_flags() -> None:
    flags = ["--lint-ignore", "BT05", "--skip-invalid", "--domain-map", "a=b", "--rate", "5"]
    flags += ["--organization", "o-1"]
    found = offered(*flags, name="lint")[3:]
    assert sorted(found) == sorted(
        ["--ignore", "BT05", "--skip-invalid", "--domain-map", "a=b", "--organization", "o-1"]
    )


@pytest.mark.parametrize("origin", ["-", "s3://bucket/updates.jsonl"])
def test_an_origin_that_is_no_path_stays_what_it_is(origin: str) -> None:
    assert next_command("lint", origin) == f"batcher lint {origin}"


@pytest.mark.parametrize(("name", "carried"), [("plan", True), ("run", False)])
def test_a_plan_of_the_same_input_is_of_the_domains_that_it_is_mapped_to(
    name: str, carried: bool
) -> None:
    flags = ["--domain-map", "a=b,c=d"]
    assert shlex.split(shlex.join(offered(*flags, name=name)[3:])) == (flags if carried else [])


@pytest.mark.parametrize(("name", "carried"), [("plan", True), ("run", False)])
def test_a_plan_of_the_same_input_is_of_the_same_part_of_it(name: str, carried: bool) -> None:
    found = []

    @selection_options
    def command(**_: object) -> None:
        found.extend(shlex.split(next_command(name, Path("updates.jsonl"))))

    flags = ["--only", "a*", "--only", "it's", "--domain", "acme", "--only-file", "names.txt"]
    click.command(command).main(flags, standalone_mode=False)
    assert sorted(found[3:]) == (sorted(flags) if carried else [])


async def test_what_a_plan_offers_does_it_where_the_plan_looked(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(0)])
    write_lines([change(0)])
    async with emulator as url:
        place = ("--endpoint-url", url, "--account", "112233313609")
        plan = await batcher("plan", "updates.jsonl", *place, "--out", "the plan.jsonl")
        assert f"Looks at 112233313609, eu-west-1 (target default, {url})" in plan.err
        export = await batcher("export", "--domain", "acme", *place)
        assert f"Looks at 112233313609, eu-west-1 (target default, {url})" in export.err
        (said,) = (line for line in plan.err.splitlines() if OFFERED in line)
        words = shlex.split(said.partition(OFFERED)[2])
        run = await batcher(*words, "--yes")
    assert (run.code, len(emulator.applied())) == (0, 1), run.err
