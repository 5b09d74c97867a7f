"""A hook that is a command: started without a shell, and told on standard input.

It has an environment like ours and a process group of its own, which is killed with it. What it
prints goes to standard error, and into no log: nobody knows what it says.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

import anyio
from anyio.abc import Process

_STANDARD_ERROR = 2


async def call_command(arguments: Sequence[str], body: bytes) -> str | None:
    """Run a command that reads ``body``; why it failed, in words, or None for exit status 0.

    Cancelled, it is killed.
    """
    try:
        with anyio.CancelScope(shield=True):  # else what was just started would be left alone
            process = await anyio.open_process(
                arguments,
                stdin=subprocess.PIPE,
                stdout=_STANDARD_ERROR,
                stderr=_STANDARD_ERROR,
                start_new_session=True,
            )
    except (OSError, ValueError) as error:
        return f"it can't be started: {getattr(error, 'strerror', None) or 'a name with NUL in it'}"
    try:
        await _tell(process, body)
        return _words(await process.wait())
    finally:
        _kill(process)
        with anyio.CancelScope(shield=True):
            await process.aclose()


async def _tell(process: Process, body: bytes) -> None:
    """Write to its standard input, which it need not read."""
    assert process.stdin is not None
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        await process.stdin.send(body)
    with suppress(OSError):
        await process.stdin.aclose()


def _kill(process: Process) -> None:
    if process.returncode is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


def _words(status: int) -> str | None:
    if status < 0:
        return f"ended by signal {-status}"
    return f"exit status {status}" if status else None
