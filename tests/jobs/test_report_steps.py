"""The commands of a report: they exist, take what they are given, and say where."""

import os
import shlex
import subprocess
from pathlib import Path

import click
import msgspec
import pytest

from batcher.cli import batcher
from batcher.config import Settings
from batcher.jobs.report_steps import ReportedRun, command, flags
from batcher.records import Counts
from batcher.report.run_report import FailedUpdate
from batcher.target_identity import TargetIdentity
from batcher.updates.selection import Selection
from tests.conftest import change
from tests.jobs.conftest import RecordedRun

SETTINGS = msgspec.structs.replace(
    Settings(), profile="prod", region="eu-west-1", max_attempts=3, lint=False, before=True
)


def reported(folder: Path, **more: object) -> ReportedRun:
    run = RecordedRun(folder, [change(0)], settings=SETTINGS.as_json())
    facts = msgspec.structs.replace(run.facts, versions={"python": "3.11", "batcher": "1"}, **more)
    return ReportedRun(directory=run.directory, manifest=facts)


def is_taken(text: str) -> None:
    """Have the command line read a command; it raises where it has no such flag."""
    for part in text.split(" && "):
        words = shlex.split(part)
        if words[0] == "batcher":
            found = batcher.get_command(click.Context(batcher), words[1])
            assert found is not None
            found.make_context(words[1], words[2:])


CASES = [
    ("in_doubt", "ReadTimeoutError", "verify"),
    ("partial", "Partial", "rollback"),
    ("differs", "NotAsAsked", "rollback"),
    ("invalid", "Invalid", "validate"),
    ("stale", "Stale", "plan"),
    ("failed", "ResourceNotFoundException", "export"),
    ("failed", "ValidationException", "cp"),
    ("failed", "AccessDeniedException", "retry"),
    ("failed", "InternalServerException", "retry"),
    ("failed", "<script> '", "retry"),
]


@pytest.mark.parametrize(("status", "code", "name"), CASES)
@pytest.mark.parametrize("kind", ["run", "rollback"])
def test_each_kind_of_failure_has_a_command_that_the_command_line_takes(
    tmp_path: Path, status: str, code: str, name: str, kind: str
) -> None:
    folder = tmp_path / "a folder's"
    folder.mkdir()
    run = reported(folder, kind=kind, parent=str(folder / "was.run"))
    example = FailedUpdate(line=1, id="1", target="t", domain="--a 'b", trigger="t", message="")
    to_do, said = run.to_mend((status, code), [example])
    assert to_do
    assert said is not None
    if (status, kind) == ("stale", "rollback"):
        name = "rollback"
    assert name in shlex.split(said)[:2]
    is_taken(said)


@pytest.mark.parametrize("kind", ["run", "rollback"])
def test_what_changes_a_protected_target_is_told_to_take_a_reason(
    tmp_path: Path, kind: str
) -> None:
    parent = str(tmp_path / "was.run")
    tables = {"one": {"protected": False}, "two": {"protected": True}}
    for settings, is_told in (
        ({"protected": True}, True),
        ({"targets": tables}, True),
        ({"targets": {"one": {}}}, False),
        ({"targets": {"one": {}, "other": {"protected": True}}}, False),  # nothing was for that
        ({"targets": {"one": {"protected": False}}, "protected": True}, True),
    ):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        known = SETTINGS.as_json() | settings
        places = {name: TargetIdentity(region="r", endpoint="e") for name in ("one", "two")}
        run = reported(folder, kind=kind, parent=parent, settings=known, targets=places)
        run.directory.path.mkdir(exist_ok=True)
        run.directory.before.touch()
        told = run.next_steps(Counts(succeeded=1, failed=1), "finished", undone=False)
        steps = [(each.text, each.command) for each in told]
        steps += [run.to_mend((status, code), []) for status, code, _ in CASES]
        for text, said in steps:
            changes = said is not None and shlex.split(said)[1] in ("retry", "rollback")
            assert ("with a --reason" in text) == (changes and is_told), text


def test_the_command_of_a_run_says_its_settings_again(tmp_path: Path) -> None:
    run = reported(tmp_path)
    words = shlex.split(run.again())
    assert words[:2] == ["batcher", "run"]
    for flag in ("--profile", "--region", "--max-attempts", "--no-lint", "--before"):
        assert flag in words
    assert "--rate" not in words
    is_taken(run.again())
    retried = reported(tmp_path, kind="retry", parent="/x/was.run")
    assert shlex.split(retried.again())[:3] == ["batcher", "retry", "/x/was.run"]
    is_taken(retried.again())
    assert "--no-lint" not in retried.again()
    undone = reported(tmp_path, kind="rollback", parent="/x/was.run", recreate=True)
    assert shlex.split(undone.again())[-1] == "--recreate"
    is_taken(undone.again())
    assert flags({}) == []
    assert flags({"rate": 1234.5678, "throttle_limit": 1234567.0}) == [
        *("--rate", "1234.5678"),
        *("--throttle-limit", "1234567"),
    ]
    assert flags({"reason": "release 2.0"}) == ["--reason", "release 2.0"]
    assert command("report", "-odd") == "batcher report ./-odd"
    odd = os.fsdecode(b"a'b\xff.run")
    said = subprocess.run(
        ["bash", "-c", f"printf %s {command('x', odd)[len('batcher x ') :]}"], capture_output=True
    )
    assert said.stdout == b"a'b\xff.run"
    assert command("x", "a\nb\u202ec").isprintable()


def test_what_a_run_does_not_keep_of_its_command_is_said(tmp_path: Path) -> None:
    selection = Selection.of(only=["-a b"], names=["x", "y"])
    settings = SETTINGS.as_json() | {"check": "./check.sh …", "waves": "5,rest"}
    run = reported(tmp_path, selection=selection, settings=settings)
    assert shlex.split(run.again())[-4:] == ["--only", "-a b", "--only-file", "NAMES"]
    is_taken(run.again())
    left = next(run.next_steps(Counts(total=1, not_started=1), "stopped", undone=False))
    again = list(run.reproduce("", 0))[-2]
    for text in (left.text, again.text):
        assert "with the file of 2 names in place of NAMES" in text
        assert "with the arguments of its --check in place of …" in text
    retried = reported(tmp_path, kind="retry", parent="/x/was.run")
    assert "the --code, " in list(retried.reproduce("", 0))[-2].text


BOTH = "the tables of its targets and [[hooks]]"


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, None),
        ({"hooks": [{}]}, "[[hooks]]"),
        ({"targets": {"one": {}}}, "the tables of its targets"),
        ({"targets": {f"t{n}": {} for n in range(60)}, "hooks": [{}]}, BOTH),
    ],
    ids=["none", "hooks", "one", "many"],
)
def test_tables_that_no_flag_can_give_are_said_in_few_words(
    tmp_path: Path, tables: dict[str, object], said: str | None
) -> None:
    run = reported(tmp_path, settings=SETTINGS.as_json() | {"targets": {}} | tables)
    text = next(run.next_steps(Counts(total=1, not_started=1), "stopped", undone=False)).text
    named = "" if said is None else f", with a --config that has {said}"
    assert text == f"To go on with what is left{named}:"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/x/a b.jsonl", "sha256sum -- '/x/a b.jsonl'"),
        ("/x/a.jsonl.gz", "cat -- /x/a.jsonl.gz | gzip -dc | sha256sum"),
        ("s3://b/k.jsonl.zst", "aws s3 cp s3://b/k.jsonl.zst - | zstd -dc | sha256sum"),
    ],
)
def test_the_digest_of_an_input_is_that_of_its_lines(tmp_path: Path, path: str, said: str) -> None:
    given = msgspec.structs.replace(reported(tmp_path).manifest.input, path=path)
    steps = list(reported(tmp_path, input=given).reproduce("", 0))
    assert steps[0].command == said


def test_what_can_be_done_now_is_what_helps(tmp_path: Path) -> None:
    run = reported(tmp_path)
    run.directory.path.mkdir()
    run.directory.before.write_bytes(b"{}\n")

    def names(counts: Counts, state: str = "finished", *, undone: bool = False) -> list[str]:
        steps = list(run.next_steps(counts, state, undone=undone))
        for step in steps:
            is_taken(str(step.command))
        return [shlex.split(str(step.command))[1] for step in steps]

    assert names(Counts(total=1, succeeded=1)) == ["rollback", "verify"]
    assert names(Counts(total=1, succeeded=1), undone=True) == ["verify"]
    assert names(Counts(total=3, failed=1, in_doubt=1)) == ["verify", "retry", "verify"]
    assert names(Counts(total=2, not_started=2), "stopped") == ["run", "verify"]
    assert names(Counts(total=2, not_started=2), "under_way") == ["ctl"]


def test_how_to_do_it_again_names_the_input_by_its_digest_and_the_chain(tmp_path: Path) -> None:
    run = reported(tmp_path)
    steps = list(run.reproduce("c0ffee", 1200))
    assert run.manifest.input.sha256 in steps[0].text
    assert steps[1].command == "pip install batcher==1"
    assert "ends in c0ffee after 1,200 lines" in steps[-1].text
    elsewhere = msgspec.structs.replace(run.manifest.input, path="s3://bucket/key")
    assert reported(tmp_path, input=elsewhere).input == "s3://bucket/key"
    piped = msgspec.structs.replace(run.manifest.input, path="-")
    assert reported(tmp_path, input=piped).on_input("plan") is None
