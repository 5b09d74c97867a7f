"""Commands that fail: one message that ends with what to do, and a code that is in the table."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from batcher.cli import batcher as every_command
from batcher.cli.output.error_report import next_step
from batcher.storage.run_directory import RunDirectory
from tests.conftest import Command, Ended, change

AWAY = ("--endpoint-url", "http://127.0.0.1:9", "--max-attempts", "1")
RUN = ("run", "u.jsonl", "--yes", *AWAY)
Prepare = Callable[[Path, Command], None]


def nothing(folder: Path, batcher: Command) -> None:
    pass


def no_credentials(folder: Path, batcher: Command) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del batcher.environ[name]


def a_file_of_settings(text: str) -> Prepare:
    def prepare(folder: Path, batcher: Command) -> None:
        (folder / "s.toml").write_text(text)

    return prepare


def a_damaged_run(folder: Path, batcher: Command) -> None:
    (folder / "u.run").mkdir()
    (folder / "u.run" / "run.json").write_text("{")


def a_run_at_work(folder: Path, batcher: Command) -> None:
    directory = RunDirectory(folder / "u.run")
    directory.__enter__()
    _KEPT.append(directory)


def a_taken_port(folder: Path, batcher: Command) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    batcher.environ["BATCHER_HTTP"] = f"127.0.0.1:{taken.getsockname()[1]}"
    _KEPT.append(taken)


_KEPT: list[socket.socket | RunDirectory] = []

CASES: list[tuple[tuple[str, ...], Prepare, str, int]] = [
    (("run", "none.jsonl", "--yes"), nothing, "InputInvalid", 2),
    (("run", "u.jsonl", "--rate", "fast"), nothing, "SettingsInvalid", 2),
    (("run", "u.jsonl", "--no-such"), nothing, "Usage", 2),
    (("run",), nothing, "Usage", 2),
    (("run", "u.jsonl", "--config", "none.toml"), nothing, "SettingsInvalid", 2),
    (("run", "u.jsonl", "--config", "s.toml"), a_file_of_settings("x = ["), "SettingsInvalid", 2),
    (("run", "u.jsonl", "--config", "s.toml"), a_file_of_settings("x = 1"), "SettingsInvalid", 2),
    (RUN, nothing, "NotSent", 5),
    (RUN, no_credentials, "CredentialsUnusable", 5),
    ((*RUN, "--profile", "none"), nothing, "SettingsInvalid", 2),
    (RUN, a_damaged_run, "RunDirectoryUnusable", 5),
    (RUN, a_run_at_work, "RunDirectoryInUse", 5),
    (("plan", "u.jsonl", *AWAY), nothing, "NotSent", 5),
    (("plan", "u.jsonl", "--out", "u.jsonl"), nothing, "Usage", 2),
    (("lint", "none.jsonl"), nothing, "InputInvalid", 2),
    (("lint", "u.jsonl", "--format", "sarif"), nothing, "Usage", 2),
    (("validate", "none.jsonl"), nothing, "InputInvalid", 2),
    (("simulate", "u.jsonl"), nothing, "Usage", 2),
    (("simulate", "u.jsonl", "--events", "none.jsonl"), nothing, "InputInvalid", 2),
    (("explain", "none.jsonl", "e.json"), nothing, "InputInvalid", 2),
    (("explain", "BT999"), nothing, "Usage", 2),
    (("drift", "none"), nothing, "InputInvalid", 2),
    (("drift", "u.jsonl", "--ignore", "Nothing"), nothing, "Usage", 2),
    (("history", "--in", "none"), nothing, "InputInvalid", 2),
    (("verify", "none.run"), nothing, "RunDirectoryUnusable", 5),
    (("verify", "u.run"), a_damaged_run, "RunDirectoryUnusable", 5),
    (("rehearse", "none.jsonl"), nothing, "InputInvalid", 2),
    (("retry", "none.run"), nothing, "RunDirectoryUnusable", 5),
    (("rollback", "none.run"), nothing, "RunDirectoryUnusable", 5),
    (("queue", "status", "spool:none"), nothing, "QueueMissing", 5),
    (("queue", "dead", "redis://127.0.0.1:9/0?stream=s"), nothing, "QueueAway", 5),
    (("queue", "status", "odd:x"), nothing, "SettingsInvalid", 2),
    (("quota", "--forget", "--no-such"), nothing, "Usage", 2),
    (("ctl", "none.run", "status"), nothing, "ControlFailed", 5),
    (("ctl", "none.run", "rate"), nothing, "Usage", 2),
    (("calibrate", "--domain", "d", "--trigger", "t", *AWAY, "--yes"), nothing, "NotSent", 5),
    (("doctor", "--config", "none.toml"), nothing, "SettingsInvalid", 2),
]


async def failed(batcher: Command, folder: Path, prepare: Prepare, *words: str) -> Ended:
    (folder / "u.jsonl").write_text(json.dumps(change(1)))
    prepare(folder, batcher)
    return await batcher(*words)


@pytest.mark.parametrize(
    ("words", "prepare", "code", "exit_code"),
    CASES,
    ids=lambda each: getattr(each, "__name__", str(each)[:60]),
)
async def test_a_command_that_fails_says_what_to_do_and_has_a_code(
    words: tuple[str, ...],
    prepare: Prepare,
    code: str,
    exit_code: int,
    batcher: Command,
    tmp_path: Path,
) -> None:
    ended = await failed(batcher, tmp_path, prepare, *words, "--json")
    assert ended.code == exit_code, ended.err
    told = json.loads(ended.out)  # and nothing else
    assert told["code"] == code, told
    assert next_step(told["next"]) == told["next"]
    assert told["error"].lower().endswith(told["next"].lower())
    assert told["error"] in ended.err or code == "Usage"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "Missing argument 'FILE'"),
        (("history", "--in", "u.jsonl"), "Invalid value for '--in'"),
    ],
)
async def test_wrong_usage_is_told_with_the_name_of_what_is_wrong(
    words: tuple[str, ...], said: str, batcher: Command, tmp_path: Path
) -> None:
    told = json.loads((await failed(batcher, tmp_path, nothing, *words, "--json")).out)
    assert told["error"].startswith(said)


def test_every_command_with_json_is_among_those_that_fail() -> None:
    context = click.Context(every_command)
    for name in every_command.list_commands(context):
        command = every_command.get_command(context, name)
        commands = command.commands.values() if isinstance(command, click.Group) else [command]
        flags = {flag for each in commands for one in each.params for flag in one.opts}
        assert ("--json" not in flags) or any(words[0] == name for words, *_ in CASES), name


async def test_without_json_nothing_is_on_standard_output(batcher: Command, tmp_path: Path) -> None:
    ended = await failed(batcher, tmp_path, nothing, "worker", "--queue", "odd:x")
    assert (ended.code, ended.out) == (2, "")
    ended = await failed(batcher, tmp_path, a_taken_port, "worker", "--queue", "spool:s", "--once")
    assert (ended.code, ended.out) == (5, "")
    assert next_step(ended.err) is not None
