"""``--hook`` as its users meet it."""

import json
from collections.abc import Callable
from pathlib import Path

from batcher.cli.hook_options import with_hooks
from batcher.config import resolve
from batcher.config.hook_settings import HookSettings
from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger
from tests.hooks.test_cloud_event import check_event

Write = Callable[..., Path]


def test_hooks_of_the_command_line_come_beside_those_of_the_file() -> None:
    gate = {"on": ["planned"], "command": "./gate", "before": True}
    settings = with_hooks(resolve({"hooks": [gate]}), ["ended=./tell"])
    assert settings.hooks == (
        HookSettings(on=["planned"], command="./gate", before=True),
        HookSettings(on=["ended"], command="./tell"),
    )


async def test_a_failing_hook_is_logged_and_changes_neither_exit_code_nor_standard_output(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1)])
    hooks = ["started,ended=tee -a told", "ended=http://127.0.0.1:9/TOKEN", "planned=./absent"]
    async with emulator as url:
        ended = await batcher(
            *("run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", "--yes", "--json"),
            *(part for text in hooks for part in ("--hook", text)),
            *("--reason", "OPS-12", "--label", "team=crm", "--label", "wave=1"),
        )
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["succeeded"] == 1
    told = (tmp_path / "told").read_text().splitlines()
    assert [check_event(line)["type"][12:] for line in told] == ["started", "ended"]
    assert "hook absent at planned: it can't be started" in ended.err
    log = records(tmp_path / "updates.run/log.jsonl")
    failed = {(each["hook"], each["on"]) for each in log if each["event"] == "hook.failed"}
    assert failed - {("absent", "planned")} == {("http://127.0.0.1:9/…", "ended")}
    assert all(each["why"] == "OPS-12" for each in log)
    assert all(each["labels"] == {"team": "crm", "wave": "1"} for each in log)
    kept = "".join(path.read_text() for path in (tmp_path / "updates.run").iterdir())
    assert "TOKEN" not in kept + ended.err


async def test_a_before_hook_that_says_no_is_exit_code_5(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(1)])
    (tmp_path / "c.toml").write_text(
        '[[hooks]]\non = ["checked"]\ncommand = "false"\nbefore = true'
    )
    given = ("--endpoint-url", "http://127.0.0.1:9", "--config", "c.toml", "--yes", "--json")
    ended = await batcher("run", "updates.jsonl", *given)
    said = "hook false at checked: exit code 1. Nothing was sent."
    assert (ended.code, json.loads(ended.out)["error"][: len(said)]) == (5, said)
