"""What shows flags, or refuses a wrong one, imports nothing that is heavy, whatever the command.

And a command itself imports no more than it is for.
"""

import subprocess
import sys

from batcher.cli.command_list import COMMANDS
from tests.laws.source import PACKAGE, dotted, files

OF_OURS = ("batcher.cli", "batcher.printable_text", "batcher.version")
HEAVY = {
    "asyncio",
    "concurrent",
    "email",
    "http",
    "logging",
    "socket",
    "ssl",
    "tomllib",
    "zoneinfo",
}
FLAGS = [PACKAGE / "cli" / folder for folder in ("commands", "flags")]

SHOW_ALL = """
import sys
before = {*sys.modules}

from click import Context, Group
from batcher.cli.command_group import batcher

def show(command, context):
    command.get_help(context)
    if isinstance(command, Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            show(found, Context(found, context, info_name=name))

show(batcher, Context(batcher))
print(*sys.modules.keys() - before, sep="\\n")
"""


def _imported() -> set[str]:
    """The modules that are there only once the help of every command was shown."""
    command = [sys.executable, "-c", SHOW_ALL]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    return {*shown.stdout.split()}


def _is_light(module: str) -> bool:
    top = module.partition(".")[0]
    if top == "batcher":
        return module == top or module.startswith(OF_OURS)
    return top == "click" or top in sys.stdlib_module_names - HEAVY


def test_the_flags_of_every_command_import_nothing_that_is_heavy() -> None:
    found = _imported()
    assert {f"batcher.cli.commands.{name}" for name in COMMANDS} <= found
    assert {dotted(path) for folder in FLAGS for path in files(folder)} <= found
    assert [module for module in sorted(found) if not _is_light(module)] == []


ASK_NO_AWS = (
    *("completion", "ctl", "enqueue", "explain", "history"),
    *("man", "queue", "quota", "report", "schema", "validate"),
)
"""Commands that are for what is on this host; what reads of S3 or SQS is imported for those."""


def test_what_asks_aws_nothing_imports_nothing_that_would() -> None:
    modules = ", ".join(f"batcher.cli.{name}" for name in ASK_NO_AWS)
    code = f"import sys, {modules}; print(*sys.modules.keys() & {{'aiobotocore', 'aiohttp'}})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []
