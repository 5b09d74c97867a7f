"""Servers of the tests: real ones, as processes on a free port of the loopback.

They end with the test session, and are never skipped: where one is not installed, the tests
fail and say what installs it.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis

from tests.waiting import until_blocking

MINISTACK = Path(".venv-ministack/bin/ministack")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server's process. ``stop`` kills it, ``start`` starts it anew on the same port, empty."""

    def __init__(
        self, command: list[str], port: int, log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.port = port
        self.bus_port = 0  # of a node of a cluster
        self._command = command
        self._environ = None if environ is None else dict(environ)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of its process, while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as log:
            process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environ)
        self._process = process
        with suppress(TimeoutError):
            until_blocking(lambda: self._listens() or process.poll() is not None, within=30)
        if not self._listens():
            pytest.fail(f"{self._command[0]} does not start:\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, from its start to its end."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def redis_server(folder: Path, *, cluster: bool = False) -> Server:
    """A redis-server without persistence. ``cluster``: a node of one that has no others yet."""
    command = shutil.which("redis-server")
    if command is None:
        pytest.fail("redis-server is missing; make test installs it (apt-get install redis-server)")
    port = free_port()
    arguments = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    bus = free_port() if cluster else 0
    if cluster:
        arguments += ["--cluster-enabled", "yes", "--cluster-port", str(bus)]
    server = Server([command, *arguments], port, folder / "redis.log")
    server.bus_port = bus
    return server


@contextmanager
def running_cluster(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Two nodes of a cluster: the first one has all slots, the other one knows who has them."""
    nodes = []
    for name in ("owner", "other"):
        (folder / name).mkdir()
        nodes.append(redis_server(folder / name, cluster=True))
    with running(nodes[0]) as owner, running(nodes[1]) as other:
        with Redis(port=owner.port) as one:
            one.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            one.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus_port)

        def knows() -> bool:
            with Redis(port=other.port) as two:
                return "cluster_state:ok" in str(two.execute_command("CLUSTER", "INFO"))

        until_blocking(knows)
        yield owner, other


def sqs_server(folder: Path) -> Server:
    """A local SQS."""
    return _ministack(folder, "sqs")


def s3_server(folder: Path) -> Server:
    """A local S3; it checks the checksums of what is put."""
    return _ministack(folder, "s3")


def _ministack(folder: Path, service: str) -> Server:
    """One service of ministack, in a virtual environment of its own."""
    if not MINISTACK.exists():
        pytest.fail("ministack is missing; make test installs it into .venv-ministack")
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": service,
        "LOG_LEVEL": "WARNING",
    }
    return Server([str(MINISTACK)], port, folder / f"{service}.log", environ)
