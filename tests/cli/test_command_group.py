"""The loader of commands.

What it lists is what each command says of itself, and costs no imports.
"""

import gc
import inspect
import json
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from batcher.cli.command_group import batcher
from batcher.cli.command_list import COMMANDS
from batcher.cli.garbage_collection import LOOKED_THROUGH_AFTER
from batcher.cli.output.error_report import DEFECT
from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger

HEAVY = ("aiobotocore", "anyio", "batcher.config", "botocore", "msgspec", "redis", "rich")
LIGHT = {  # what each may import of these
    "--version": set[str](),
    "--help": {"click"},
    "run --help": {"click"},
    "queue dead --help": {"click"},
    "validate --no-such": {"click"},
}
WEIGHED = {
    *HEAVY,
    "aiohttp",
    "asyncio",
    "click",
    "jsonschema_rs",
    "logging",
    "structlog",
    "urllib3",
}


def test_what_is_no_command_is_none() -> None:
    assert batcher.get_command(click.Context(batcher), "no-such") is None


@pytest.mark.parametrize("given", LIGHT)
def test_what_tells_only_of_itself_imports_nothing_that_is_heavy(given: str) -> None:
    code = (
        "import atexit, os, sys; from batcher.cli import main\n"
        f"tell = lambda: os.write(2, ' '.join(sys.modules.keys() & {WEIGHED!r}).encode())\n"
        f"sys.argv[1:] = {given.split()!r}\n"
        "atexit.register(tell); main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    *said, weighed = [*ended.stdout.splitlines(), *ended.stderr.splitlines()] + [""] * (
        not ended.stderr
    )
    assert set(weighed.split()) <= LIGHT[given]
    assert all(name in ended.stdout for name in COMMANDS) is (given == "--help")
    assert given == "--version" or said[0].startswith("Usage: batcher")


@pytest.mark.parametrize("name", [*COMMANDS, "queue status", "queue dead", "queue redrive"])
def test_what_a_command_does_takes_what_its_flags_say(name: str) -> None:
    command: Any = batcher
    for part in name.split():
        command = command.get_command(click.Context(command), part)
    if not isinstance(command, click.Group):
        module = import_module(f"batcher.cli.{name.split()[0]}")
        function = getattr(module, f"do_{command.name}")
        inspect.signature(function).bind(**{each.name: None for each in command.params})


@pytest.mark.parametrize("name", ["validate", "run"])
def test_a_command_looks_for_no_garbage_in_what_it_has_imported(name: str) -> None:
    code = (
        "import atexit, gc, os, sys; from batcher.cli import main\n"
        "tell = lambda: os.write(2, f'{gc.get_freeze_count()} {gc.get_threshold()[0]}'.encode())\n"
        f"sys.argv[1:] = [{name!r}, 'no-such.jsonl']\n"
        "atexit.register(tell); main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    frozen, threshold = map(int, ended.stderr.splitlines()[-1].split())
    assert (frozen > 20_000, threshold) == (True, LOOKED_THROUGH_AFTER)


def test_a_program_that_calls_a_command_keeps_its_garbage_collector() -> None:
    before = gc.get_freeze_count(), gc.get_threshold()
    assert CliRunner().invoke(batcher, ["validate", "no-such.jsonl"]).exit_code
    assert (gc.get_freeze_count(), gc.get_threshold()) == before


@pytest.mark.parametrize("name", [each for each in COMMANDS if len(each) > 3])
def test_of_a_command_that_is_mistyped_it_says_which_may_be_meant(name: str) -> None:
    for typed in (
        name[:-1],
        name[1:],
        name + "x",
        name[:2] + name[3] + name[2] + name[4:],
        name.upper(),
    ):
        if typed in COMMANDS:
            continue
        with pytest.raises(click.UsageError, match=f"Did you mean .*{name}"):
            batcher.main([typed], standalone_mode=False)
    with pytest.raises(click.UsageError, match=r"^No such command 'qwertz'\.$"):
        batcher.main(["qwertz"], standalone_mode=False)
    with pytest.raises(
        click.UsageError, match=r"^No such command 'pl\\x1b\[man'\. Did you mean plan"
    ):
        batcher.main(["pl\x1b[man"], standalone_mode=False)


def test_commands_are_completed_as_they_are_listed() -> None:
    completer = ShellComplete(batcher, {}, "batcher", "_BATCHER_COMPLETE")
    found = completer.get_completions([], "qu")
    assert {each.value: each.help for each in found} == {
        name: COMMANDS[name] for name in ("queue", "quota")
    }


@pytest.mark.parametrize("name", [*COMMANDS, "queue status", "queue dead", "queue redrive"])
def test_help_has_an_example_in_one_line_with_flags_that_exist(name: str) -> None:
    shown = CliRunner().invoke(batcher, [*name.split(), "--help"], terminal_width=80).output
    examples = re.findall(r"^ *Example: batcher (.+)$", shown, re.MULTILINE)
    assert examples
    for example in examples:
        command, arguments = batcher, shlex.split(example.partition(" > ")[0])
        while isinstance(command, click.Group):
            context = click.Context(command)
            command = command.get_command(context, arguments.pop(0))
        command.make_parser(click.Context(command)).parse_args(arguments)


BROKEN = """
import itertools, os, threading
where, counted = {where}, itertools.count()
sound = getattr(where, {name!r})
def broken(*arguments):
    if next(counted) >= {after}:
        raise {error}
    return sound(*arguments)
setattr(where, {name!r}, broken)
"""


def break_python(
    batcher: Command, folder: Path, where: str, name: str, error: str, after: int
) -> None:
    """Have a function of the standard library raise, in commands, after so many calls."""
    text = BROKEN.format(where=where, name=name, error=error, after=after)
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(text)
    batcher.environ["PYTHONPATH"] += f":{folder / 'site'}"


@pytest.mark.parametrize(
    ("where", "name", "error", "after", "words"),
    [
        ("os", "fdatasync", "ValueError('SECRET')", 3, "a defect: ValueError at "),
        ("os", "fdatasync", "MemoryError()", 3, "allows no more memory or threads"),
        ("threading.Thread", "start", 'RuntimeError("can\'t start new thread")', 1, "new thread"),
    ],
)
async def test_a_defect_ends_with_a_code_of_its_own_and_a_resume_goes_on(
    where: str,
    name: str,
    error: str,
    after: int,
    words: str,
    batcher: Command,
    tmp_path: Path,
) -> None:
    lines = [json.dumps(change(n)) for n in range(30)]
    (tmp_path / "u.jsonl").write_text("\n".join(lines))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(30)])
    sound = batcher.environ["PYTHONPATH"]
    break_python(batcher, tmp_path, where, name, error, after)
    async with emulator as url:
        command = ("run", "u.jsonl", "--yes", "--json", "--endpoint-url", url, "--rate", "100")
        ended = await batcher(*command)
        assert ended.code == DEFECT
        assert re.search(rf"^batcher: .*{re.escape(words)}", ended.err, re.MULTILINE)
        assert words in json.loads(ended.out)["error"]
        assert "SECRET" not in ended.err + ended.out
        results = tmp_path / "u.run" / "results.jsonl"
        kept = records(results) if results.exists() else []
        assert {record["status"] for record in kept} <= {"succeeded"}
        batcher.environ["PYTHONPATH"] = sound
        assert (await batcher(*command)).code == 0
    assert len(records(results)) == 30


UPGRADED = """
import sys
from batcher.cli import main

class Replaced:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("batcher"):
            raise ImportError(name)

def do_ctl(**given):
    sys.meta_path.insert(0, Replaced())
    raise {error}

import batcher.cli.ctl
batcher.cli.ctl.do_ctl = do_ctl
sys.argv[1:] = ["ctl", "x", "status", "--json"]
main()
"""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("KeyboardInterrupt", 4, "Interrupted."),
        ("OSError(28, 'No space left on device', 'f')", 5, "batcher: f: No space left on device."),
        ("ValueError", DEFECT, "batcher: a defect: ValueError at "),
    ],
)
def test_how_a_command_ends_is_told_also_when_it_is_upgraded_under_way(
    error: str, code: int, said: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", UPGRADED.format(error=error)], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr.lstrip()[: len(said)]) == (code, said)
    assert json.loads(ended.stdout)["next"]
