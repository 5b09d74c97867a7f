"""The commands by name, what their options are parsed by, and what an error of one ends it with.

The listing of ``--help`` imports no command. One that is named is imported with its flags, and what
it does, with all that this imports, when it is called.
"""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from batcher.cli import ERROR_AS_JSON, ERROR_MEMBERS, garbage_collection
from batcher.cli.command_list import COMMANDS, GROUPS
from batcher.cli.endings import is_interruption
from batcher.cli.output.echo import echo
from batcher.version import __version__

_COMMANDS = "batcher.cli.commands"
_REPORT = "batcher.cli.output.error_report"
_GIVEN = "batcher.given"  # in a context's meta: the words that were given


class _Commands(click.Group):
    """The commands by name: listed without their modules, imported to be called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{_COMMANDS}.{cmd_name}"), cmd_name)
        if ctx.resilient_parsing:  # a shell asks what would complete it
            import_module("batcher.cli.completed_values").complete_values(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but for a name that is none: it knows none of the names to offer."""
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        near = import_module("difflib").get_close_matches(name.lower(), COMMANDS)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"No such command {name!r}.{meant}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, COMMANDS))
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(f"{name:{widest}}", commands[name]) for name in commands])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_GIVEN] = [*args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """What goes wrong is told as JSON too, where that was asked for and none was begun."""
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            told = not isinstance(error, click.exceptions.Exit)
            if told and ctx.meta.get(ERROR_AS_JSON, _would_be_json(error, ctx.meta[_GIVEN])):
                with suppress(Exception):  # standard output may be what went wrong
                    more = ctx.meta.get(ERROR_MEMBERS, {})
                    echo(json.dumps({**_report(error).as_json(), **more}))
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


def loaded(place: str) -> Callable[..., Any]:
    """What calls the function at ``module:name``, which is imported only then: no help needs it."""
    module, _, name = place.partition(":")

    def called(*arguments: Any, **given: Any) -> Any:
        function = getattr(import_module(module), name)
        garbage_collection.keep_imported()
        return function(*arguments, **given)

    return called


def done_by(place: str) -> Callable[[Callable[[], None]], Callable[..., Any]]:
    """Have a command, of which only name and help stand here, done by a function as ``loaded``.

    What the command's flags say are its arguments, by their names.
    """
    function = loaded(place)

    def declare(command: Callable[[], None]) -> Callable[..., Any]:
        @wraps(command)
        def called(**given: Any) -> Any:
            import_module(_REPORT)  # by the end its file may be another version's
            logging = import_module("logging")
            for library in ("aiobotocore", "botocore", "asyncio"):  # what is wrong is told by us
                logging.getLogger(library).addHandler(logging.NullHandler())
            return function(**given)

        return called

    return declare


def run_commands() -> int | None:
    """Do what the command line says, in a process of its own; returns the exit code."""
    garbage_collection.begin()
    code: int | None = batcher.main(
        prog_name="batcher", standalone_mode=False, obj=garbage_collection.OURS
    )
    return code


def ended_by(error: Exception) -> int:
    """Say what went wrong; returns the exit code. Raises KeyboardInterrupt where that was it."""
    if isinstance(error, click.Abort):
        raise KeyboardInterrupt from None
    if isinstance(error, click.ClickException):
        said = io.StringIO()
        error.show(said)
        echo(said.getvalue().rstrip("\n"), err=True, lines=True)
        return error.exit_code
    report = _report(error)
    echo(f"batcher: {report.error}", err=True)
    return int(report.exit_code)


def _report(error: BaseException) -> Any:
    if is_interruption(error):
        error = KeyboardInterrupt()
    return import_module(_REPORT).report_of(error)


def _would_be_json(error: BaseException, given: list[str]) -> bool:
    """Whether ``--json`` was given to a command that has it, and did not get as far as that."""
    command = error.ctx.command if isinstance(error, click.UsageError) and error.ctx else None
    flags = (flag for parameter in getattr(command, "params", ()) for flag in parameter.opts)
    return "--json" in given and "--json" in flags
