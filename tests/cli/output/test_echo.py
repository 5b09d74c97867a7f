"""Text of others comes to a terminal without anything that steers it."""

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.cli.output.echo import echo, wrapped
from tests.laws.source import PACKAGE, dotted, files, tree

HOSTILE = "\x1b]0;title\x07\x9b2J\u202egnp\u2028\x00\x7f"


def test_what_would_steer_a_terminal_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    echo(f"a\n{HOSTILE}", err=True)
    echo(f"a\n{HOSTILE}", err=True, lines=True)
    one, first, second = capsys.readouterr().err.split("\n")[:-1]
    assert all(line.isprintable() for line in (one, first, second))
    assert (first, one.startswith("a\\u000a\\u001b]0;title")) == ("a", True)


def test_json_stays_the_same_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {HOSTILE: [HOSTILE, {"Zoë": "日本"}]}
    echo(json.dumps(value, ensure_ascii=False).encode())
    echo(json.dumps(value, ensure_ascii=False, indent=2), lines=True)
    said = capsys.readouterr().out
    assert "Zoë" in said
    first, _, rest = said.partition("\n")
    assert json.loads(first) == json.loads(rest) == value
    assert all(line.isprintable() for line in said.split("\n"))


@pytest.mark.parametrize("width", [40, 60, 80])
@given(
    words=st.lists(st.text("abc-:/äö", min_size=1, max_size=90), min_size=1, max_size=40),
    indent=st.integers(0, 4),
)
def test_lines_end_at_blanks_and_no_word_is_lost_or_broken(
    words: list[str], indent: int, width: int
) -> None:
    line = " " * indent + " ".join(words)
    parts = wrapped(line, width).split("\n")
    assert " ".join(parts).split() == line.split()
    assert all(len(part) <= width or " " not in part.strip() for part in parts)


def test_a_command_stays_in_one_line_to_be_copied() -> None:
    command = "jq -c '.Records[].body | fromjson' < 'my file.jsonl' > 'my file.mended.jsonl'"
    said = wrapped(f"  my file.jsonl: This is it: indeed. This mends it: {command}", 40)
    assert said.split("\n") == [
        "  my file.jsonl: This is it: indeed.",
        "  This mends it:",
        f"    {command}",
    ]
    assert wrapped("Go on with the rest of it, which is long? [y/N]: ", 40).endswith("[y/N]: ")


def test_nothing_else_prints() -> None:
    printing = {
        dotted(module)
        for module in files(PACKAGE)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("click.echo", "click.secho")
    }
    assert printing == {"batcher.cli.output.echo"}
