"""Completion as a shell asks for it: words before the one that is begun, and that one."""

import click
import pytest
from click.shell_completion import ShellComplete

from batcher.cli import batcher
from batcher.cli.command_list import COMMANDS
from batcher.cli.completed_values import complete_values


def completed(words: str, begun: str) -> list[tuple[str, str]]:
    completer = ShellComplete(batcher, {}, "batcher", "_BATCHER_COMPLETE")
    return [(each.type, each.value) for each in completer.get_completions(words.split(), begun)]


@pytest.mark.parametrize(
    ("words", "begun", "found"),
    [
        ("", "val", [("plain", "validate")]),
        ("queue", "re", [("plain", "redrive")]),
        ("run", "u", [("file", "u")]),
        ("rollback", "u", [("file", "u")]),
        ("run --only-file", "", [("file", "")]),
        ("run u.jsonl --log-level", "w", [("plain", "warning")]),
        ("run u.jsonl", "--log-le", [("plain", "--log-level")]),
        ("run u.jsonl", "--log-level=w", [("plain", "warning")]),
        ("run --config", "x", [("file", "x")]),
        ("simulate u.jsonl --current", "li", [("plain", "live")]),
        ("simulate u.jsonl --current", "ex", [("file", "ex")]),
        ("worker --results", "/v", [("dir", "/v")]),
        ("ctl u.run", "res", [("plain", "resume")]),
        ("ctl u.run rate", "a", [("plain", "auto")]),
        ("compose x.json --from", "cd", [("plain", "cdk")]),
        ("completion", "z", [("plain", "zsh")]),
        ("no-such", "", []),
        ("run --label", "x", []),
    ],
)
def test_files_commands_flags_and_choices(
    words: str, begun: str, found: list[tuple[str, str]]
) -> None:
    offered = completed(words, begun)
    assert offered == found if words != "no-such" else len(offered) >= len(COMMANDS)


def test_what_is_asked_for_has_no_effect_but_the_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A password in an address is warned of when the command is given, not on each Tab."""
    url = "redis://:secret@localhost/0?stream=x"
    assert completed(f"worker --queue {url}", "--onc") == [("plain", "--once")]
    assert capsys.readouterr() == ("", "")


def test_a_value_that_is_no_plain_text_is_left_to_click() -> None:
    choice = click.Option(["--x"], type=click.Choice(["a"]), metavar="FILE")
    complete_values(click.Command("c", params=[choice]))
    assert isinstance(choice.type, click.Choice)
