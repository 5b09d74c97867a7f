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

COMMANDS = {
    "run": "Change the triggers of FILE (JSONL, .gz, .zst; - for standard input, or"
    " s3://BUCKET/KEY).",
    "retry": "Run again what failed or is in doubt in the run of directory RUN.",
    "rollback": "Put back what the run in directory RUN has changed, or workers with"
    " results directory RUN.",
    "verify": "Prove the books of the run in directory RUN, against its input and the live"
    " triggers.",
    "calibrate": "Measure the quota of UpdateEventTrigger with updates that change nothing, and"
    " remember it for the next run.",
    "quota": "Show the quotas that are remembered: account, Region, operation, rate, burst, age.",
    "validate": "Check every line of FILE (JSONL, .gz, .zst; - for standard input, or"
    " s3://BUCKET/KEY) and send nothing.",
    "lint": "Look for likely mistakes in the updates of FILE (JSONL, .gz, .zst; - for standard"
    " input, or s3://BUCKET/KEY).",
    "plan": "Show what the updates of FILE (JSONL, .gz, .zst; - for standard input, or"
    " s3://BUCKET/KEY) would change.",
    "export": "Write the live triggers of domains as updates, one a line, by domain and name.",
    "compose": "Make updates of FILE, an export or a table, that hold only what changes.",
    "ctl": "Tell the run in directory RUN, or the worker with --control RUN, what to do.",
    "worker": "Send the updates of a queue: a spool directory, Amazon SQS, or a Redis stream.",
    "enqueue": "Check every line of FILE (JSONL, .gz, .zst; - for standard input, or"
    " s3://BUCKET/KEY) and put its updates into a queue.",
    "queue": "Look after a queue: its depth, its dead letters, and putting them back.",
    "explain": "Say why the trigger of file TRIGGER fires on the event of file EVENT, or why not.",
    "simulate": "Show which events would start or stop firing with the updates of FILE.",
    "schema": "Print the JSON Schema of an update line, for editors and other checkers.",
    "emulator": "A Customer Profiles on loopback.",
    "demo": "Run a generated file of updates against a local Customer Profiles, and keep what it"
    " wrote.",
}
"""Each command, in a module of its own name, and the first sentence of its help."""


class _Commands(click.Group):
    """The commands by name: listed without their modules, imported to be called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"batcher.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        limit = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl([(name, _about(name, limit)) for name in COMMANDS])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=_about(name, limit=45)) for name in names]
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


def _about(name: str, limit: int) -> str:
    return click.Command(name, help=COMMANDS[name]).get_short_help_str(limit)


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
