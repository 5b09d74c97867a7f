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

OWN = ("AWS_", "BATCHER_")  # prefixes of what batcher and botocore read when they run
HARMLESS = {"PATH", "PYTHONPATH", "HOME", "XDG_STATE_HOME", "TMPDIR"}  # and not on import


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
    """Whether nothing in the environment changes what an import does, or Python's start.

    botocore looks up on import where the user keeps models of his own.
    """
    known = all(name in HARMLESS or name.startswith(OWN) for name in environ)
    own_models = Path(environ["HOME"], ".aws", "models").exists()
    return known and not own_models and environ.get("PYTHONPATH") == str(Path.cwd())


async def start_forked(
    arguments: Sequence[str],
    *,
    folder: Path,
    environ: dict[str, str],
    stdin: int | None = subprocess.DEVNULL,
) -> ForkedProcess:
    """``batcher`` with these arguments; ``stdin`` as of subprocess, the other two read by us."""
    with contextlib.ExitStack() as closing:
        writer = None
        if stdin == subprocess.DEVNULL:
            given = [os.open(os.devnull, os.O_RDONLY)]
        elif stdin == subprocess.PIPE:
            theirs, ours = os.pipe()
            given = [theirs]
            writer = await _writer(ours)
        else:
            given = [os.dup(stdin or 0)]
        closing.callback(os.close, given[0])
        readers = []
        for _ in ("stdout", "stderr", "told"):
            ours, theirs = os.pipe()
            closing.callback(os.close, theirs)
            given.append(theirs)
            readers.append(await _reader(ours))
        os.umask(umask := os.umask(0o077))
        request = {
            "arguments": arguments,
            "environ": environ,
            "folder": str(folder),
            "umask": umask,
        }
        socket.send_fds(_server(), [json.dumps(request).encode()], given)
    pid = int(await readers[2].readline())
    return ForkedProcess(pid, writer, *readers)


async def _writer(descriptor: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(descriptor, "wb", buffering=0)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader


@cache
def _server() -> socket.socket:
    """The way to this process's fork server, which ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())},
        )
    atexit.register(server.wait)
    atexit.register(ours.close)  # before that wait, as the last registered is called first
    return ours
