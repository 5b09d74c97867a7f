"""The addresses of a worker: probes, metrics and page over HTTP, for readers only."""

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth

from batcher.errors import StatusError
from batcher.records import Counts
from batcher.status.address import parse_address
from batcher.status.history import History, Totals
from batcher.status.metrics import Metrics
from batcher.status.server import GRACE, StatusServer
from batcher.status.snapshot import LaneSnapshot, WorkerSnapshot
from batcher.status.streams import AT_MOST
from tests.status.snapshots import snapshot
from tests.waiting import until

TOKEN = "correct-horse-42"
PATHS = ("/", "/metrics", "/events", "/failures/1", "/style.css", "/live.js", "/icon.svg")


class Worker:
    """One whose vitals a test sets, with its server and a client of it."""

    def __init__(self, **more: Any) -> None:
        self.now = snapshot()
        self.server = StatusServer(
            "127.0.0.1", 0, metrics=Metrics(), snapshot=self.snapshot, **more
        )
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
        ("/failures/1", "text/html; charset=utf-8"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/live.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml; charset=utf-8"),
        ("/events", "text/event-stream"),
    ):
        async with worker.client.get(f"http://{worker.server.address}{path}") as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    worker.now = snapshot(ready=False, reason="no credentials")
    assert "no credentials" in (await worker.get("/"))[1]
    assert "\nbatcher_ready 0.0\n" in (await worker.get("/metrics"))[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 405),
        ("HEAD", "/metrics", 405),
        ("DELETE", "/readyz", 405),
        ("GET", "/nothing", 404),
        ("GET", "/metrics/", 404),
        ("GET", "/failures/2", 404),
        ("GET", "/failures/0", 404),
        ("GET", "/failures/1/..", 404),
        ("GET", "/failures/%2e%2e%2fetc", 404),
        ("GET", "/live.js/..%2f..%2fserver.py", 404),
        ("HEAD", "/events", 405),
    ],
)
async def test_there_is_nothing_else(worker: Worker, method: str, path: str, status: int) -> None:
    async with worker.client.request(method, f"http://{worker.server.address}{path}") as answer:
        assert answer.status == status


@pytest.mark.parametrize("path", [*PATHS, "/healthz", "/readyz", "/nothing"])
async def test_a_rebound_name_and_a_page_of_elsewhere_read_nothing(
    worker: Worker, path: str
) -> None:
    url = f"http://{worker.server.address}{path}"
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        async with worker.client.get(url, headers=headers) as answer:
            assert answer.status == 403
            assert "batcher" not in await answer.text()
            assert "Access-Control-Allow-Origin" not in answer.headers


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


POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


@pytest.mark.parametrize("path", [*PATHS, "/healthz", "/nothing"])
async def test_no_answer_is_kept_framed_or_read_by_others_and_none_says_by_what_it_is_served(
    worker: Worker, path: str
) -> None:
    async with worker.client.get(f"http://{worker.server.address}{path}") as answer:
        headers = answer.headers
        policy = [
            each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";")
        ]
        assert dict(policy) == POLICY
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Server"] == "batcher"


# with a token


@pytest.fixture
async def closed() -> AsyncIterator[Worker]:
    """A worker that asks for a token."""
    worker = Worker(token=TOKEN)
    async with worker.server, ClientSession() as worker.client:
        yield worker


def basic(user: str) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(user, TOKEN)}


@pytest.mark.parametrize("path", [*PATHS, "/nothing"])
async def test_without_the_token_nothing_is_read(closed: Worker, path: str) -> None:
    url = f"http://{closed.server.address}{path}"
    for given in ({}, {"Authorization": "Bearer guess"}, {"Cookie": f"token={TOKEN}"}):
        async with closed.client.get(url, headers=given) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "host-1" not in await answer.text()
    async with closed.client.get(f"{url}?token={TOKEN}") as answer:
        assert answer.status == 401  # an address is written down in too many places


@pytest.mark.parametrize("path", PATHS)
async def test_a_program_gives_it_as_a_header_and_a_browser_as_a_password(
    closed: Worker, path: str
) -> None:
    url = f"http://{closed.server.address}{path}"
    async with closed.client.get(url, headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
        assert answer.status == 200
    async with closed.client.get(url, headers=basic("anybody")) as answer:
        assert answer.status == 200
        if path != "/events":
            assert TOKEN not in await answer.text()
            assert TOKEN not in str(answer.headers)


async def test_probes_ask_for_no_token_and_say_why_to_who_has_it(closed: Worker) -> None:
    assert await closed.get("/healthz") == (200, "ok\n")
    closed.now = snapshot(ready=False, reason="target secret-project: no credentials")
    assert await closed.get("/readyz") == (503, "no; why is told to who has the token\n")
    url = f"http://{closed.server.address}/readyz"
    async with closed.client.get(url, headers=basic("")) as answer:
        assert (answer.status, await answer.text()) == (503, f"{closed.now.reason}\n")


async def test_guesses_are_slowed_down_and_probes_are_not(closed: Worker) -> None:
    guess = {"Authorization": "Bearer guess"}
    url = f"http://{closed.server.address}/metrics"
    codes = []
    for _ in range(8):
        async with closed.client.get(url, headers=guess) as answer:
            codes.append(answer.status)
    assert codes[:5] == [401] * 5
    assert 429 in codes[5:]
    assert await closed.get("/healthz") == (200, "ok\n")


# live


async def parts_of(lines: asyncio.StreamReader | Any) -> dict[str, str]:
    """The parts of the next event."""
    while not (line := await lines.readline()).startswith(b"data: "):
        assert line, "it ended"
    found: dict[str, str] = json.loads(line.removeprefix(b"data: "))
    return found


async def test_a_live_page_is_told_what_changes_for_longer_than_silence_is_borne() -> None:
    worker = Worker(silent_at_most=0.2)
    async with worker.server, ClientSession() as worker.client:
        url = f"http://{worker.server.address}/events"
        answer = await worker.client.get(url)
        first = await parts_of(answer.content)
        assert "Ready" in first["state"]
        page = (await worker.get("/"))[1]
        assert {f'id="part-{name}"' in page for name in first} == {True}
        worker.now = snapshot(ready=False, reason="<script>alert(1)</script>")
        changed = await parts_of(answer.content)
        assert list(changed) == ["state"]
        assert "&lt;script&gt;alert(1)" in changed["state"]
        assert "<script" not in changed["state"]
        answer.close()


async def test_no_more_than_some_look_on_and_all_streams_end_with_the_worker() -> None:
    worker = Worker()
    async with ClientSession() as worker.client:
        async with worker.server:
            url = f"http://{worker.server.address}/events"
            looking = [await worker.client.get(url) for _ in range(AT_MOST)]
            assert (await worker.get("/events"))[0] == 503
            assert (await worker.get("/healthz"))[0] == 200
            looking.pop().close()

            async def is_let_in() -> bool:
                async with worker.client.get(url) as answer:
                    return answer.status == 200

            await until(is_let_in)
            began = time.monotonic()
        assert time.monotonic() - began < GRACE + 1
        for answer in looking:
            with suppress(ConnectionError):
                assert (await answer.read()).endswith(b"\n\n")  # the end, and no half event


async def test_who_reads_nothing_is_dropped_and_holds_up_nobody() -> None:
    worker = Worker(slow_after=0.1)

    def lanes(word: str) -> tuple[LaneSnapshot, ...]:
        lane = LaneSnapshot(target=word * 1999, operation="UpdateEventTrigger", counts=Counts())
        return (lane,) * 50

    worker.now = snapshot(lanes=lanes("a"))
    async with worker.server, ClientSession() as worker.client:
        host, _, port = worker.server.address.rpartition(":")
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((host, int(port)))
        deaf.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with worker.client.get(f"http://{worker.server.address}/events") as answer:
            await parts_of(answer.content)
            assert repr(worker.server).endswith(", 2 look on>")
            for word in "bcdefghij":
                worker.now = snapshot(lanes=lanes(word))
                assert word * 1999 in (await parts_of(answer.content))["pace"]
                if repr(worker.server).endswith(", 1 look on>"):
                    break
            else:
                pytest.fail("it was not dropped")
        deaf.close()


async def test_who_asks_without_end_and_reads_nothing_is_dropped() -> None:
    worker = Worker(slow_after=0.5, token=TOKEN)
    async with worker.server:
        host, _, port = worker.server.address.rpartition(":")
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((host, int(port)))
        deaf.setblocking(False)

        async def is_dropped() -> bool:
            try:
                while True:
                    deaf.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
            except BlockingIOError:
                return False
            except ConnectionError:
                return True

        await until(is_dropped)
        deaf.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://[::zz/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_fills_no_log(
    closed: Worker, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    host, _, port = closed.server.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
    writer.close()
    assert caplog.records == []


async def test_what_is_noted_after_the_start_is_in_the_last_hour() -> None:
    history = History()
    worker = Worker(history=history)
    async with worker.server, ClientSession() as worker.client:
        assert "The first numbers come" in (await worker.get("/"))[1]
        for second in (0.0, 20.0):
            history.note(second, 5000 + second, Totals(requests=int(second)))
        assert "Requests against the quota" in (await worker.get("/"))[1]
