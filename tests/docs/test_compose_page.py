"""The commands of docs/compose.md, in their order, against an emulator with what they name."""

import re
import shlex
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, records, trigger

PAGE = Path("docs/compose.md").read_text()


def commands() -> list[list[str]]:
    """Each command with its arguments, and where its output goes."""
    shown = "".join(re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S)).replace("\\\n", " ")
    return [shlex.split(line[2:]) for line in shown.splitlines() if line.startswith("$ batcher")]


async def test_every_command_of_the_page_ends_well(batcher: Command, tmp_path: Path) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    periods = [{"Unit": "DAYS", "Value": 1}]
    for number in (1, 2, 3):
        limits = {"EventExpiration": 300_000 * number, "Periods": periods}
        own = {"EventTriggerName": f"cart-{number}", "EventTriggerLimits": limits}
        emulator.seed([trigger(number) | own])
    for name in ("table.csv", "accounts.csv"):
        (table,) = re.findall(rf"^\$ cat {name}\n((?:[^$].*\n)+)", PAGE, re.M)
        (tmp_path / name).write_text(table)
    (template,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
    (tmp_path / "stack.yaml").write_text(template)
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_CUSTOMER_PROFILES"] = url
        for command in commands():
            into = command.index(">") if ">" in command else len(command)
            ended = await batcher(*command[1:into])
            assert ended.code == 0, (command, ended.err)
            for name in command[into + 1 :]:
                (tmp_path / name).write_text(ended.out)
    assert {path.name: len(records(path)) for path in tmp_path.glob("*.jsonl")} == {
        "export.jsonl": 3,
        "updates.jsonl": 1,
        "a.jsonl": 3,
        "b.jsonl": 3,
        "c.jsonl": 3,
        "rows.jsonl": 2,
        "accounts.jsonl": 2,
        "changes.jsonl": 0,
        "stack.jsonl": 1,
    }


@pytest.mark.parametrize("flag", ["--set", "--unset", "--append", "--remove", "--replace"])
def test_each_flag_of_change_has_its_row(flag: str) -> None:
    assert re.search(rf"^\| `{flag} PATH", PAGE, re.M)
