"""Text of others comes to a terminal without anything that steers it."""

import ast
import json

import pytest

from batcher.cli.output.echo import echo
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


def test_nothing_else_prints() -> None:
    printing = {
        dotted(module)
        for module in files(PACKAGE)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("click.echo", "click.secho")
    }
    assert printing == {"batcher.cli.output.echo"}
