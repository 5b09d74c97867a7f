"""What a file is that is no JSON Lines, told alike by whatever command reads it."""

import json
from pathlib import Path

import pytest

from tests.conftest import Command, change

COMMANDS = [
    ("validate",),
    ("run", "--dry-run"),
    ("plan",),
    ("enqueue", "--queue", "spool:spool"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
async def test_it_is_told_once_with_the_command_before_the_first_lines(
    batcher: Command, tmp_path: Path, command: tuple[str, ...]
) -> None:
    indented = json.dumps([change(0), change(1)], indent=2)
    (tmp_path / "updates.json").write_text(indented)
    told = await batcher(*command, "updates.json")
    lines = told.err.splitlines()
    assert (told.code, told.err.count("This mends it: ")) == (2, 1)
    assert lines[0] == (
        "updates.json: This is a JSON list. One JSON object a line is wanted."
        " This mends it: jq -c '.[]' < updates.json > updates.mended.jsonl"
    )
    assert [line.partition(":")[0] for line in lines[1:4]] == ["line 1", "line 2", "line 3"]
    assert lines[4] == f"… and {len(indented.splitlines()) - 3} more"


async def test_of_standard_input_a_filter_is_told_and_json_has_the_hint_and_all_faults(
    batcher: Command,
) -> None:
    content = json.dumps([change(0)] * 30, indent=1).encode("utf-16")
    told = await batcher("validate", "-", "--json", given=content)
    found = json.loads(told.out)
    assert (found["valid"], len(found["faults"]) > 20) == (False, True)
    assert found["hint"].endswith("as one more filter: iconv -f UTF-16 -t UTF-8")
    assert told.err.startswith("standard input: This is text in UTF-16.")


async def test_of_a_file_whose_lines_are_right_but_one_nothing_is_guessed(
    batcher: Command, tmp_path: Path
) -> None:
    lines = [json.dumps(change(number)) for number in range(3)]
    (tmp_path / "updates.jsonl").write_text("\n".join([*lines, "oops, a, comma"]))
    told = await batcher("validate", "updates.jsonl")
    assert told.err.splitlines()[0] == "line 4: not JSON: expecting value at character 1"
