"""The command line: which commands there are, and what an error ends them with.

The one lazy place of the package: a command's module, with all that it imports, is imported when
it is called, and the listing of ``--help`` imports none.
"""

import io
import json
import logging
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from batcher.cli.command_list import COMMANDS, GROUPS
from batcher.cli.endings import end_on_signals, ignore_signals, leave, use_utf8
from batcher.cli.output.echo import echo
from batcher.cli.output.standard_streams import open_standard_streams
from batcher.version import __version__

ERROR_AS_JSON = "batcher.error_as_json"  # in a context's meta: whether an error is told as JSON too

ERROR_MEMBERS = "batcher.error_members"  # there: what else the object of an error has

DEFECT = 70  # exit code, EX_SOFTWARE
CALLS_SHOWN = 6  # of a defect, the innermost ones

_GO_ON = (
    "and give the same command again: what was done is on disk, and a run goes on with the rest."
)


class _Commands(click.Group):
    """The commands by name: listed without their modules, imported to be called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"batcher.cli.{cmd_name}"), cmd_name)
        if ctx.resilient_parsing:  # a shell asks what would complete it
            import_module("batcher.cli.completed_values").complete_values(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, COMMANDS))
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(f"{name:{widest}}", commands[name]) for name in commands])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """What goes wrong is told as JSON too, where that was asked for and none was begun."""
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            told = not isinstance(error, click.exceptions.Exit)
            if ctx.meta.get(ERROR_AS_JSON) and told:
                with suppress(Exception):  # standard output may be what went wrong
                    more = ctx.meta.get(ERROR_MEMBERS, {})
                    echo(json.dumps({"error": _words(error) or "interrupted", **more}))
            raise


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="\b\nStart here: batcher demo. Then: batcher run updates.jsonl --dry-run",
)
@click.version_option(__version__, prog_name="batcher")
def batcher() -> None:
    """Change many Amazon Connect Customer Profiles event triggers: within the quota, losing
    track of none.
    """


def main() -> None:
    """The entry point. Whatever goes wrong is one message and an exit code, never a traceback."""
    use_utf8()
    open_standard_streams()
    end_on_signals()
    for library in ("aiobotocore", "botocore", "asyncio"):  # what is wrong is told by us
        logging.getLogger(library).addHandler(logging.NullHandler())
    try:
        code = _ended(_command)
        code = _ended(sys.stdout.flush) or code  # what was held back may not fit
        ignore_signals()
    except KeyboardInterrupt:
        ignore_signals()
        echo("Interrupted.", err=True)
        _ended(sys.stdout.flush)
        leave(4)
    leave(code)


def _command() -> int | None:
    code: int | None = batcher.main(prog_name="batcher", standalone_mode=False)
    return code


def _ended(function: Callable[[], int | None]) -> int:
    """Call a function and say what goes wrong; returns the exit code."""
    try:
        return function() or 0
    except SystemExit as ending:
        return int(ending.code or 0)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        echo(said.getvalue().rstrip("\n"), err=True, lines=True)
        return error.exit_code
    except Exception as error:
        echo(f"batcher: {_words(error)}", err=True)
        return exit_code_of(error) or DEFECT


def exit_code_of(error: BaseException) -> int | None:
    """2 for wrong usage or input, 5 for what AWS or this host refuses; None for a defect.

    An input that this host can't read at the moment is not wrong.
    """
    if isinstance(error, click.ClickException):
        return int(error.exit_code)
    errors = import_module("batcher.errors")  # only now: it takes half as long as all of --help
    if isinstance(error, errors.YourError):
        host = import_module("batcher.storage.file_system").OF_THE_HOST
        return 5 if getattr(error.__cause__, "errno", None) in host else 2
    return 5 if isinstance(error, errors.BatcherError | OSError) else None


def _words(error: BaseException) -> str:
    """What an error says; of a defect where it is, and nothing that it may hold."""
    if not isinstance(error, Exception) or isinstance(error, click.Abort):
        return ""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if exit_code_of(error) is not None:
        return str(error)
    errors = import_module("batcher.errors")
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, MemoryError) or errors.is_out_of_threads(error):
        said = f" ({error})" if str(error) else ""
        what = f"this host, or a limit of it, allows no more memory or threads{said}"
        return f"{what}. Raise the limit (ulimit -v, ulimit -u, a container's), {_GO_ON}"
    calls = traceback.extract_tb(error.__traceback__)[-CALLS_SHOWN:]
    places = (f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in reversed(calls))
    where = " < ".join(places)
    return f"a defect: {type(error).__name__} at {where}. Report it with this line, {_GO_ON}"
