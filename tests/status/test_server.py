"""The addresses of a worker: probes, metrics and page over HTTP, for readers only."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from batcher.errors import SettingsError, StatusError
from batcher.status.metrics import Metrics
from batcher.status.server import StatusServer, parse_address
from batcher.status.snapshot import WorkerSnapshot
from tests.status.snapshots import snapshot


class Worker:
    """One whose vitals a test sets, with its server and a client of it."""

    def __init__(self) -> None:
        self.now = snapshot()
        self.server = StatusServer("127.0.0.1", 0, metrics=Metrics(), snapshot=self.snapshot)
        self.client: ClientSession

    def snapshot(self) -> WorkerSnapshot:
        return self.now

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(f"http://{self.server.address}{path}") as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker()
    async with worker.server, ClientSession() as worker.client:
        yield worker


async def test_probes_tell_whether_it_lives_and_whether_it_works_and_why_not(
    worker: Worker,
) -> None:
    assert (await worker.get("/healthz"), await worker.get("/readyz")) == (
        (200, "ok\n"),
        (200, "ok\n"),
    )
    worker.now = snapshot(ready=False, reason="the queue does not answer")
    assert await worker.get("/healthz") == (200, "ok\n")
    assert await worker.get("/readyz") == (503, "the queue does not answer\n")
    worker.now = snapshot(alive=False, reason="no turn for 42 s")
    assert (
        await worker.get("/healthz") == await worker.get("/readyz") == (503, "no turn for 42 s\n")
    )


async def test_page_and_metrics_are_of_this_moment_and_of_the_types_that_their_readers_ask_for(
    worker: Worker,
) -> None:
    for path, kind in (
        ("/", "text/html; charset=utf-8"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
    ):
        async with worker.client.get(f"http://{worker.server.address}{path}") as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    worker.now = snapshot(ready=False, reason="paused")
    assert "Not ready: paused" in (await worker.get("/"))[1]
    assert "\nbatcher_ready 0.0\n" in (await worker.get("/metrics"))[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 405),
        ("HEAD", "/metrics", 405),
        ("DELETE", "/readyz", 405),
        ("GET", "/nothing", 404),
        ("GET", "/metrics/", 404),
    ],
)
async def test_there_is_nothing_else(worker: Worker, method: str, path: str, status: int) -> None:
    async with worker.client.request(method, f"http://{worker.server.address}{path}") as answer:
        assert answer.status == status


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/readyz", "/nothing"])
async def test_a_rebound_name_and_a_page_of_elsewhere_read_nothing(
    worker: Worker, path: str
) -> None:
    url = f"http://{worker.server.address}{path}"
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        async with worker.client.get(url, headers=headers) as answer:
            assert answer.status == 403
            assert "batcher" not in await answer.text()


async def test_health_is_told_without_a_body_too(worker: Worker) -> None:
    for path, status in (("/healthz", 200), ("/readyz", 503)):
        worker.now = snapshot(ready=False, reason="paused")
        async with worker.client.head(f"http://{worker.server.address}{path}") as answer:
            assert (answer.status, await answer.read()) == (status, b"")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    ],
)
async def test_garbage_is_answered_with_400(worker: Worker, garbage: bytes) -> None:
    host, _, port = worker.server.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(garbage)
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()


async def test_a_client_that_says_nothing_is_closed() -> None:
    server = StatusServer("127.0.0.1", 0, metrics=Metrics(), snapshot=snapshot, silent_at_most=0.1)
    async with server:
        host, _, port = server.address.rpartition(":")
        for said in (b"", b"GET /healthz HT"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(said)
            assert await reader.read() == b""  # the end, and within the test's time
            writer.close()


async def test_a_port_in_use_and_an_address_of_somebody_else_are_told_of(worker: Worker) -> None:
    taken = worker.server.address
    for address, says in (
        (taken, f"{re.escape(taken)}: another program"),
        ("192.0.2.1:0", "192.0.2.1:0: can't listen there"),
    ):
        with pytest.raises(StatusError, match=says):
            async with StatusServer(*parse_address(address), metrics=Metrics(), snapshot=snapshot):
                pass


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9090", ("127.0.0.1", 9090)),
        (":9090", ("127.0.0.1", 9090)),
        ("0.0.0.0:9090", ("0.0.0.0", 9090)),
        ("worker-1.internal:0", ("worker-1.internal", 0)),
        ("[::1]:9090", ("::1", 9090)),
        ("[::]:65535", ("::", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "localhost",
        "localhost:",
        "::1:9090",
        "[::1]",
        "[nohost]:1",
        "1:2:3",
        ":65536",
        ":٣",
        "http://h:1",
        "*:1",
        "h :1",
    ],
)
def test_what_is_no_address_is_a_settings_error(text: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"--http: can't be {text!r}")):
        parse_address(text)
