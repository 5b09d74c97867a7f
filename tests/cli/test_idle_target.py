"""--target says where lines belong that name no target; who means a part of the targets is told."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner

from batcher.cli.idle_target import refuse_target_at_run
from batcher.config import Settings
from batcher.emulator import Emulator
from batcher.errors import SettingsError
from batcher.target_identity import TargetIdentity
from tests.conftest import Command, change, trigger

Write = Callable[..., Path]
NAMES = ("shop", "pay", "lab")
REGIONS = ("eu-west-1", "us-east-1", "eu-north-1")


def an_emulator() -> Emulator:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(number) for number in range(6)])
    return emulator


def tables(folder: Path, url: str) -> tuple[str, str]:
    """Three targets in Regions of their own; returns the flag that names their file."""
    text = "".join(
        f'[targets.{name}]\nregion = "{region}"\nendpoint_url = "{url}"\n'
        for name, region in zip(NAMES, REGIONS, strict=True)
    )
    (folder / "c.toml").write_text(text)
    return "--config", "c.toml"


def changed(emulator: Emulator) -> set[int]:
    """The numbers of the triggers that are as the updates ask."""
    return {
        number
        for number in range(6)
        for region in REGIONS
        if emulator.trigger("acme", f"t{number}", region=region)["Description"].startswith("after")
    }


async def test_a_run_is_undone_verified_and_begun_for_some_of_its_targets(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = an_emulator()
    write_lines({"target": NAMES[n % 3], **change(n)} for n in range(6))
    async with emulator as url:
        config = tables(tmp_path, url)
        part = await batcher(
            "run", "updates.jsonl", *config, "--yes", "--only-target", "[sl]*", "--json"
        )
        assert (part.code, changed(emulator)) == (0, {0, 2, 3, 5}), part.err
        proof = await batcher("verify", "updates.run", "--json")
        slip = await batcher("rollback", "updates.run", "--yes", "--only-target", "shopp")
        assert (slip.code, changed(emulator)) == (2, {0, 2, 3, 5})
        assert "no target shopp; did you mean shop?" in slip.err
        undone = await batcher("rollback", "updates.run", "--yes", "--only-target", "lab")
        assert (undone.code, changed(emulator)) == (0, {0, 3}), undone.err
        after = await batcher("verify", "updates.run.rollback", "--json")
        of_shop = await batcher("verify", "updates.run", "--only-target", "shop", "--json")
        of_lab = await batcher("verify", "updates.run", "--only-target", "lab", "--json")
        drift = await batcher("drift", "updates.run", "--only-target", "shop", "--json")
    assert json.loads(part.out)["selection"] == {
        "by": "--only-target '[sl]*'",
        "left_out": 2,
        "of": 6,
    }
    assert "4 of 6" not in undone.err
    assert "2 of 4 updates are left out by --only-target lab." in undone.err
    assert [json.loads(each.out)["holds"] for each in (proof, after, of_shop, of_lab)] == [
        True,
        True,
        True,
        False,
    ]
    assert list(json.loads(of_shop.out)["read"]) == ["shop"]
    assert drift.code == 0, drift.err


@pytest.mark.parametrize(
    "command", ["run", "plan", "lint", "rehearse", "retry", "rollback", "verify", "drift"]
)
async def test_a_target_where_each_line_names_its_own_is_refused_with_the_flag_that_narrows(
    batcher: Command, write_lines: Write, tmp_path: Path, command: str
) -> None:
    emulator = an_emulator()
    write_lines({"target": NAMES[n % 3], **change(n)} for n in range(6))
    async with emulator as url:
        config = tables(tmp_path, url)
        of_run = command in ("retry", "rollback", "verify", "drift")
        if of_run:
            emulator.script("UpdateEventTrigger", ["access-denied"])
            assert (await batcher("run", "updates.jsonl", *config, "--yes")).code == 1
        sent, there = len(emulator.applied()), set(tmp_path.iterdir())
        given = ("updates.run",) if of_run else ("updates.jsonl", *config)
        yes = ("--yes",) if command in ("run", "retry", "rollback") else ()
        ended = await batcher(command, *given, *yes, "--target", "pay")
        assert len(emulator.applied()) == sent
    assert ended.code == 2, ended.err
    assert "give --only-target pay instead" in ended.err
    assert {each for each in tmp_path.iterdir() if each.is_dir()} <= there


async def test_a_target_that_lines_need_or_that_all_name_is_taken_as_ever(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = an_emulator()
    async with emulator as url:
        config = tables(tmp_path, url)
        write_lines([{"target": "pay", **change(0)}, change(1), {"target": "shop", **change(2)}])
        mixed = await batcher("run", "updates.jsonl", *config, "--yes", "--target", "shop")
        write_lines({"target": "lab", **change(n)} for n in (3, 4))
        same = ("run", "updates.jsonl", *config, "--yes", "--out", "b", "--target", "lab")
        assert ((await batcher(*same)).code, mixed.code) == (0, 0), mixed.err
        assert changed(emulator) == {0, 1, 2, 3, 4}
        undone = await batcher("rollback", "b", "--yes", "--target", "lab")
        assert (undone.code, changed(emulator)) == (0, {0, 1, 2}), undone.err
        # of an input whose lines that name none are left out, it says nothing
        write_lines([{"target": "pay", **change(3)}, change(1), {"target": "shop", **change(4)}])
        only = ("--only", "t[34]", "--out", "c", "--yes", "--target", "shop")
        assert (await batcher("run", "updates.jsonl", *config, *only)).code == 2
        # a run that was begun so, by a version that took it, goes on by the same command
        write_lines([{"target": "lab", **change(3)}, {"target": "pay", **change(5)}])
        assert (await batcher("run", "updates.jsonl", *config, "--yes", "--out", "d")).code == 0
        as_begun = msgspec.json.decode((tmp_path / "d" / "run.json").read_bytes())
        as_begun["settings"]["target"] = "lab"
        (tmp_path / "d" / "run.json").write_bytes(msgspec.json.encode(as_begun))
        again = ("run", "updates.jsonl", *config, "--yes", "--out", "d", "--target", "lab")
        assert (await batcher(*again)).code == 0


@pytest.mark.parametrize(
    ("flags", "targets", "refused"),
    [
        (["--target", "pay"], {"pay", "shop"}, True),
        (["--target", "pay"], {"shop"}, True),
        (["--target", "pay"], {"pay"}, False),
        (["--target", "pay"], set[str](), False),
        ([], {"pay", "shop"}, False),  # a variable or a file says it for many commands
    ],
)
def test_only_a_flag_that_is_given_is_refused_and_only_beside_other_targets(
    flags: list[str], targets: set[str], refused: bool
) -> None:
    def command(target: str | None) -> None:
        assert target in (None, "pay")
        refuse_target_at_run(places, Settings(target="pay"))

    places = dict.fromkeys(targets, TargetIdentity(account=None, region="r", endpoint="e"))
    ended = CliRunner().invoke(
        click.command()(click.option("--target")(command)), flags, default_map={"target": "pay"}
    )
    assert isinstance(ended.exception, SettingsError) is refused
    refuse_target_at_run(places, Settings(target="pay"))  # outside of a command


async def test_a_region_or_an_account_that_tables_overrule_is_no_narrowing_and_said(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = an_emulator()
    write_lines({"target": NAMES[n % 3], **change(n)} for n in range(6))
    async with emulator as url:
        config = tables(tmp_path, url)
        run = ("run", "updates.jsonl", *config, "--yes")
        refused = await batcher(*run, "--region", "ap-south-1")
        assert (refused.code, emulator.applied()) == (2, []), refused.err
        assert "--region ap-south-1: targets have another one in their tables" in refused.err
        done = await batcher(*run, "--region", "us-east-1")  # as some have it, it may mean others
        assert (done.code, changed(emulator)) == (0, {*range(6)}), done.err
        assert "To do only what is there, give --only-target for pay." in done.err
        for flag in (("--region", "us-east-1"), ("--account", "999999999999")):
            for command in (("rollback", "updates.run", "--yes"), ("verify", "updates.run")):
                told = await batcher(*command, *flag)
                assert (told.code, changed(emulator)) == (2, {*range(6)}), told.err
                assert f"{' '.join(flag)}: targets have another one" in told.err
        undone = await batcher("rollback", "updates.run", "--yes", "--only-target", "pay")
        assert (undone.code, changed(emulator)) == (0, {0, 2, 3, 5}), undone.err
