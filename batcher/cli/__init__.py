"""The command line.

A command's module is imported when it is called, and what is heavy when it runs.
"""

import importlib
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any

import click

from batcher import __version__

OWES_JSON = "batcher.owes_json"  # in a context's meta: whether an error has to be told as JSON too

_COMMANDS = {
    "run": "run",
    "retry": "retry",
    "rollback": "rollback",
    "verify": "verify",
    "calibrate": "calibrate",
    "quota": "quota",
    "validate": "validate",
    "plan": "plan",
    "export": "export",
    "worker": "worker",
    "enqueue": "enqueue",
    "queue": "queue",
    "schema": "schema",
    "emulator": "emulator",
    "demo": "demo",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"batcher.cli.{_COMMANDS[cmd_name]}"), cmd_name
        )
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """What goes wrong is told as JSON too, where that was asked for and none was begun."""
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            if ctx.meta.get(OWES_JSON) and _is_told(error):
                import json

                click.echo(json.dumps({"error": str(error) or "interrupted"}))
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
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(batcher.main(prog_name="batcher", standalone_mode=False))
    except (KeyboardInterrupt, click.Abort):
        _say("Interrupted.")
        sys.exit(4)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        sys.exit(_explain(error))


def _interrupt(_: int, frame: FrameType | None) -> None:
    """End on SIGTERM as on Ctrl-C: what was begun, such as copies of the input, is cleared away."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:  # ignored, as a shell has it for what is in the background
        raise KeyboardInterrupt


def _is_told(error: BaseException) -> bool:
    """Whether an error is one that is explained in words; any other is a defect, to be seen as
    such.
    """
    from batcher.errors import BatcherError

    return isinstance(error, BatcherError | OSError | KeyboardInterrupt)


def _explain(error: Exception) -> int:
    from batcher.errors import YourError

    if not _is_told(error):
        raise error
    _say(f"batcher: {error}")
    return 2 if isinstance(error, YourError) else 5


def _say(text: str) -> None:
    with suppress(OSError):  # nobody listens: the exit code has to do
        click.echo(text, err=True)
