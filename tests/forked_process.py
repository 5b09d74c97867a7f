"""``batcher`` started by the fork server (tests/fork_server.py), looked at as asyncio's Process."""

import asyncio
import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

OWN = ("AWS_", "BATCHER_", "OTEL_")  # prefixes of what is read when a command runs
HARMLESS = {  # and not on import
    *("PATH", "PYTHONPATH", "HOME", "XDG_STATE_HOME", "TMPDIR"),
    *("TERM", "NO_COLOR", "FORCE_COLOR", "PAGER", "LESS"),
}


class ForkedProcess:
    """What a test needs of ``asyncio.subprocess.Process``."""

    def __init__(
        self,
        pid: int,
        stdin: asyncio.StreamWriter | None,
        stdout: asyncio.StreamReader,
        stderr: asyncio.StreamReader,
        told: asyncio.StreamReader,
    ) -> None:
        self.pid, self.stdin, self.stdout, self.stderr = pid, stdin, stdout, stderr
        self.returncode: int | None = None
        self._ended = asyncio.ensure_future(self._end(told))

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def communicate(self, given: bytes | None = None) -> tuple[bytes, bytes]:
        out, err, *_ = await asyncio.gather(
            self.stdout.read(), self.stderr.read(), self._give(given or b""), self.wait()
        )
        return out, err

    async def _give(self, given: bytes) -> None:
        if self.stdin is not None:
            self.stdin.write(given)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it wants no more
                await self.stdin.drain()
            self.stdin.close()

    def send_signal(self, number: int) -> None:
        """ProcessLookupError once it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    async def _end(self, told: asyncio.StreamReader) -> int:
        self.returncode = int(await told.read())
        return self.returncode


def can_be_forked(environ: dict[str, str]) -> bool:
    """Whether nothing in the environment changes what an import does, or Python's start."""
    known = all(name in HARMLESS or name.startswith(OWN) for name in environ)
    return known and environ.get("PYTHONPATH") == str(Path.cwd())


async def start_forked(
    arguments: Sequence[str],
    *,
    folder: Path,
    environ: dict[str, str],
    stdin: int | None = subprocess.DEVNULL,
    stderr: int | None = None,
) -> ForkedProcess:
    """``batcher`` with these arguments; ``stdin`` as of subprocess, the other two read by us.

    ``stderr``: a descriptor that is given in place of ours, which then says nothing.
    """
    with contextlib.ExitStack() as closing:
        descriptor, writer = await _standard_input(stdin)
        closing.callback(os.close, descriptor)
        given = [descriptor]
        readers = []
        for _ in ("stdout", "stderr", "told"):
            ours, theirs = os.pipe()
            closing.callback(os.close, theirs)
            given.append(stderr if stderr is not None and len(given) == 2 else theirs)
            readers.append(await _reader(ours))
        os.umask(umask := os.umask(0o077))
        request = {"arguments": arguments, "environ": environ, "folder": str(folder)}
        request["umask"] = umask
        socket.send_fds(_server(_models(environ)), [json.dumps(request).encode()], given)
    pid = int(await readers[2].readline())
    return ForkedProcess(pid, writer, *readers)


async def _standard_input(stdin: int | None) -> tuple[int, asyncio.StreamWriter | None]:
    """A descriptor to read from, and what writes to it, if that is us."""
    if stdin == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_RDONLY), None
    if stdin != subprocess.PIPE:
        return os.dup(stdin or 0), None
    theirs, ours = os.pipe()
    loop, pipe = asyncio.get_running_loop(), os.fdopen(ours, "wb", buffering=0)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
    return theirs, asyncio.StreamWriter(transport, protocol, None, loop)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader


def _models(environ: dict[str, str]) -> tuple[str, ...]:
    """The home of a user with models of his own, and which these are; nothing without any."""
    home = environ["HOME"]
    found = sorted(Path(home, ".aws", "models").rglob("*.*"))
    return (home, *(f"{path} {path.stat().st_mtime_ns}" for path in found)) if found else ()


@cache
def _server(models: tuple[str, ...]) -> socket.socket:
    """The way to the fork server that has read these, which ends when this process does."""
    home = models[0] if models else "/"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "HOME": home},
        )
    atexit.register(server.wait)
    atexit.register(ours.close)  # before that wait, as the last registered is called first
    return ours
