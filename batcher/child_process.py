"""One command run to its end as a child: what it is given, what it says, how long it may take.

Started without a shell, in a session of its own: it is ended with all that it started, and a
signal for this process is none for it.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from tempfile import TemporaryFile

import anyio
from anyio.abc import Process
from msgspec import Struct

_STANDARD_ERROR = 2
LINE_AT_MOST = 4096  # bytes; a longer one is told in parts
LEFT_TO_END = 2.0  # seconds from SIGTERM to SIGKILL
LEFT_TO_SPEAK = 0.5  # seconds for output after its end, which something that it left may hold open


class ChildEnded(Struct, frozen=True, kw_only=True):
    """How a child ended: its exit code, or in words why there is none."""

    code: int | None = None
    problem: str = ""

    def __str__(self) -> str:
        return self.problem or f"exit code {self.code}"


def is_command(name: str) -> bool:
    """Whether a command of that name or path can be started here, as far as can be seen."""
    return "\0" not in name and shutil.which(name) is not None


async def run_child(
    arguments: Sequence[str],
    *,
    given: bytes,
    environ: Mapping[str, str] | None = None,
    at_most: float | None = None,
    on_line: Callable[[str], None] | None = None,
) -> ChildEnded:
    """Run a command for ``at_most`` seconds, with ``given`` as its standard input.

    ``environ``: beside the variables of this process; ``on_line`` is told each line that it writes,
    to either output; None: both go to standard error. Where this is cancelled, the child and what
    it started are ended.
    """
    with ExitStack() as files:
        heard, said = None, _STANDARD_ERROR
        with ExitStack() as of_the_child:
            if on_line is not None:
                heard, said = os.pipe()
                files.callback(os.close, heard)
                of_the_child.callback(os.close, said)
            try:
                file = of_the_child.enter_context(TemporaryFile())
                file.write(given)
                file.seek(0)
                with anyio.CancelScope(shield=True):  # else nobody would end what was just started
                    process = await anyio.open_process(
                        arguments,
                        stdin=file,
                        stdout=said,
                        stderr=subprocess.STDOUT,
                        env={**os.environ, **(environ or {})},
                        start_new_session=True,
                    )
            except OSError as error:
                return ChildEnded(problem=f"it can't be started: {error.strerror}")
            except ValueError:
                return ChildEnded(problem="it can't be started: its name has a NUL in it")
        try:
            with anyio.move_on_after(at_most):
                if heard is None or on_line is None:
                    await process.wait()
                else:
                    await _attend(process, heard, on_line)
            if process.returncode is None:
                return ChildEnded(problem=f"it did not end within {at_most:g} s")
            return _ended(process.returncode)
        finally:
            with anyio.CancelScope(shield=True):
                await _end(process)


def _ended(code: int) -> ChildEnded:
    if code >= 0:
        return ChildEnded(code=code)
    with suppress(ValueError):
        return ChildEnded(problem=f"it was ended by {Signals(-code).name}")
    return ChildEnded(problem=f"it was ended by signal {-code}")


async def _attend(process: Process, heard: int, on_line: Callable[[str], None]) -> None:
    said_all = anyio.Event()

    async def hear() -> None:
        await _tell_lines(heard, on_line)
        said_all.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hear)
        await process.wait()
        with anyio.move_on_after(LEFT_TO_SPEAK):
            await said_all.wait()
        tasks.cancel_scope.cancel()


async def _tell_lines(heard: int, on_line: Callable[[str], None]) -> None:
    left = b""
    while True:
        await anyio.wait_readable(heard)
        if not (more := os.read(heard, LINE_AT_MOST)):
            break
        *lines, left = (left + more).split(b"\n")
        if len(left) > LINE_AT_MOST:
            lines, left = [*lines, left], b""
        for line in lines:
            on_line(line.decode(errors="replace").rstrip("\r"))
    if left:
        on_line(left.decode(errors="replace"))


async def _end(process: Process) -> None:
    """End what has not ended, and all that it started; of what has ended nothing."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, SIGTERM)
            with anyio.move_on_after(LEFT_TO_END):
                await process.wait()
            os.killpg(process.pid, SIGKILL)
        await process.wait()


def kill_with_children(pid: int, *, is_leader: bool, has_ended: bool = False) -> None:
    """End a child of this process and all that it started, at once.

    ``is_leader``: whether it is in a session of its own; of one that is not and ``has_ended``
    nobody knows what it started.
    """
    with suppress(ProcessLookupError, PermissionError):
        if is_leader:
            os.killpg(pid, SIGKILL)
    for each in [] if has_ended else list(_with_children(pid)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(each, SIGKILL)


def _with_children(pid: int) -> Iterator[int]:
    """The process and all that it started, as far as the system tells."""
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _with_children(int(child))
