"""Hooks as they are given, in a file and by flag, and what is wrong with them."""

import tomllib
from typing import Any

import pytest

from batcher.config import resolve
from batcher.config.hook_settings import HookSettings, parse_hook, read_hooks
from batcher.config.settings import Settings
from batcher.errors import SettingsError

FILE = """
[[hooks]]
on = ["started", "ended"]
command = "./tell.sh --token 'SECRET one'"

[[hooks]]
on = ["planned"]
url = "https://chat.example:8443/services/SECRET?key=SECRET"
before = true
timeout = 2
"""


def test_hooks_of_a_file_are_kept_without_what_may_be_secret_and_never_read_again() -> None:
    settings = resolve(tomllib.loads(FILE))
    tell, chat = settings.hooks
    assert tell.arguments == ["./tell.sh", "--token", "SECRET one"]
    assert (chat.before, chat.timeout) == (True, 2.0)
    written = settings.as_json()
    assert written["hooks"] == [
        {"on": ["started", "ended"], "to": "tell.sh …", "before": False},
        {"on": ["planned"], "to": "https://chat.example:8443/…", "before": True},
    ]
    assert "SECRET" not in str(written)
    assert Settings.from_json(written).hooks == ()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ("tell.sh", "has to be tables"),
        ([{"on": ["begun"], "command": "a"}], r"hooks\[1\]: Invalid enum value 'begun'"),
        ([{"on": [], "command": "a"}], "length >= 1"),
        ([{"on": ["ended"]}], "either command or url"),
        ([{"on": ["ended"], "command": "a", "url": "https://a"}], "either command or url"),
        ([{"on": ["ended"], "command": " "}], "empty"),
        ([{"on": ["ended"], "command": "a 'b"}], "quote without its end"),
        ([{"on": ["ended"], "url": "https://u:SECRET@host/"}], "without user and password"),
        ([{"on": ["ended"], "url": "ftp://SECRET"}], "without user and password"),
        ([{"on": ["ended"], "url": "https:///SECRET"}], "without user and password"),
        ([{"on": ["started", "ended"], "command": "a", "before": True}], "at ended it has begun"),
        ([{"on": ["ended"], "command": "a", "timeout": 0}], "> 0"),
        ([{"on": ["ended"], "command": "a"}, {"onn": 1}], r"hooks\[2\]"),
    ],
)
def test_a_hook_that_can_be_none_is_refused_by_its_number(tables: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        resolve({"hooks": tables})
    assert "SECRET" not in str(raised.value)


def test_a_hook_of_the_command_line() -> None:
    tables = [
        parse_hook("started,ended=./tell.sh a=b"),
        parse_hook("ended=https://chat.example/@team?x=y"),
    ]
    assert tables[1]["url"] == "https://chat.example/@team?x=y"
    assert read_hooks("--hook", tables[1:])[0].name == "https://chat.example/…"
    assert read_hooks("--hook", tables[:1]) == (
        HookSettings(on=["started", "ended"], command="./tell.sh a=b"),
    )
    for text in ("ended", "ended=", "=a", "=", ""):
        with pytest.raises(SettingsError, match="--hook"):
            read_hooks("--hook", [parse_hook(text)])
