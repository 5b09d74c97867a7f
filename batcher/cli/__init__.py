"""The command line, as far as every start needs it: signals, streams, and how it ends.

The one lazy place of the package: what parses the command line is imported when there is one to
parse, and with ``command_group`` it is the same for commands. ``--version`` needs neither.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from batcher.cli.endings import (
    end_on_signals,
    ignore_signals,
    is_interruption,
    leave,
    use_utf8,
)
from batcher.cli.output.standard_streams import open_standard_streams
from batcher.cli.state_signal import begin_to_tell
from batcher.version import __version__

ERROR_AS_JSON = "batcher.error_as_json"  # in a context's meta: whether an error is told as JSON too

ERROR_MEMBERS = "batcher.error_members"  # there: what else the object of an error has

_GROUP = "batcher.cli.command_group"


def __getattr__(name: str) -> Any:
    if name == "batcher":
        return import_module(_GROUP).batcher
    raise AttributeError(f"module 'batcher.cli' has no attribute {name!r}")


def main() -> None:
    """The entry point. Whatever goes wrong is one message and an exit code, never a traceback."""
    try:
        end_on_signals()
        begin_to_tell()
        use_utf8()
        open_standard_streams()
        code = _ended(_tell_version if sys.argv[1:] == ["--version"] else _command)
        code = _ended(sys.stdout.flush) or code  # what was held back may not fit
        ignore_signals()
    except KeyboardInterrupt:
        ignore_signals()
        import_module("batcher.cli.output.echo").echo("Interrupted.", err=True)
        _ended(sys.stdout.flush)
        leave(4, interrupted=True)
    leave(code)


def _tell_version() -> None:
    sys.stdout.write(f"batcher, version {__version__}\n")


def _command() -> int | None:
    code: int | None = import_module(_GROUP).run_commands()
    return code


def _ended(function: Callable[[], int | None]) -> int:
    """Call a function and say what goes wrong; returns the exit code."""
    try:
        return function() or 0
    except SystemExit as ending:
        return int(ending.code or 0)
    except Exception as error:
        if is_interruption(error):
            raise KeyboardInterrupt from None
        return int(import_module(_GROUP).ended_by(error))
