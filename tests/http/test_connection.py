"""One connection: a request, its answer, and whatever may come instead."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest

from batcher.http.connection import HttpConnection
from batcher.http.errors import BadResponseError, ConnectionLostError, ReadTimeoutError
from tests.http.conftest import Certificate
from tests.http.pools import echo, get, pool_of
from tests.http.raw_server import RawConnection, raw_server

FAULTS = [
    (b"", ConnectionLostError),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", ConnectionLostError),
    (b"HTTP/1.1 200 OK\r\nConten", ConnectionLostError),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", ConnectionLostError),
    (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", BadResponseError),
    (b"SSH-2.0-OpenSSH\r\n", BadResponseError),
]
CLOSINGS = ["end", "reset", "stall"]


@pytest.mark.parametrize("closing", CLOSINGS)
@pytest.mark.parametrize(("sent", "error"), FAULTS, ids=range(len(FAULTS)))
@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "tls"])
async def test_a_request_that_left_fails_and_is_not_sent_again(
    has_tls: bool, sent: bytes, error: type[Exception], closing: str, certificate: Certificate
) -> None:
    asked, left = [], []

    async def talk(connection: RawConnection) -> None:
        asked.append(await connection.request())
        connection.writer.write(sent)
        await connection.writer.drain()
        if closing == "stall":
            await connection.until_closed()
        elif closing == "reset":
            connection.reset()

    if closing == "stall" and error is ConnectionLostError:
        error = ReadTimeoutError
    if closing == "reset":
        error = (error, ConnectionLostError)  # what was sent may be lost
    async with (
        raw_server(talk, certificate.server if has_tls else None) as server,
        pool_of(ssl_context=lambda: certificate.trusted) as pool,
    ):
        with pytest.raises(error):
            await get(pool, server.origin, on_leave=lambda: left.append(1), read_timeout=0.05)
        assert (len(asked), left, server.connections) == (1, [1], 1)


@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "tls"])
async def test_a_body_may_end_with_the_connection(has_tls: bool, certificate: Certificate) -> None:
    async def talk(connection: RawConnection) -> None:
        await connection.request()
        connection.writer.write(b"HTTP/1.1 200 OK\r\n\r\nall ")
        await connection.writer.drain()
        connection.writer.write(b"of it")

    async with (
        raw_server(talk, certificate.server if has_tls else None) as server,
        pool_of(ssl_context=lambda: certificate.trusted) as pool,
    ):
        assert (await get(pool, server.origin)).body == b"all of it"


class HandClock:
    """An event loop's clock and timers, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[HandTimer] = []
        self.create_future = asyncio.get_running_loop().create_future

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> "HandTimer":
        self.timers.append(HandTimer(self, when, call))
        return self.timers[-1]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        for timer in [each for each in self.timers if each.at <= self.now]:
            self.timers.remove(timer)
            timer.call()


class HandTimer(NamedTuple):
    """A timer of that clock."""

    clock: HandClock
    at: float
    call: Callable[[], None]

    def when(self) -> float:
        return self.at

    def cancel(self) -> None:
        self.clock.timers.remove(self)


class HandTransport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False
        self.unwritten = 0

    def write(self, data: bytes) -> None:  # type: ignore[override] # bytes are all that comes
        self.written += data

    def abort(self) -> None:
        self.is_aborted = True

    def is_closing(self) -> bool:
        return self.is_aborted

    def get_write_buffer_size(self) -> int:
        return self.unwritten


class Bench(NamedTuple):
    """A connection between hands."""

    connection: HttpConnection
    transport: HandTransport
    clock: HandClock
    closed: list[HttpConnection]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    closed: list[HttpConnection] = []
    clock, transport = HandClock(), HandTransport()
    connection = HttpConnection(clock, closed.append)
    with socket.socket() as sock:
        connection.attach(transport, sock.fileno())
        yield Bench(connection, transport, clock, closed)


def nothing() -> None:
    pass


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


async def test_the_time_limit_is_between_two_pieces(bench: Bench) -> None:
    answer = bench.connection.begin(b"?", nothing, 10)
    for at in range(len(WHOLE) - 1):
        bench.clock.wait(9)
        bench.connection.data_received(WHOLE[at : at + 1])
    bench.clock.wait(9.9)
    assert not answer.done()
    bench.clock.wait(0.2)
    assert isinstance(answer.result(), ReadTimeoutError)
    assert bench.transport.is_aborted


async def test_many_requests_have_one_timer_and_a_closed_connection_none(bench: Bench) -> None:
    for _ in range(50):
        answer = bench.connection.begin(b"?", nothing, 10)
        bench.connection.data_received(WHOLE)
        assert answer.result().body == b"abc"
        bench.clock.wait(1)
        assert len(bench.clock.timers) <= 1
    bench.connection.begin(b"?", nothing, 10)
    bench.connection.connection_lost(None)
    assert bench.clock.timers == []
    assert bench.closed == [bench.connection]


async def test_a_shorter_time_limit_holds_from_the_next_request_on(bench: Bench) -> None:
    for limit in (10, None, 1):
        answer = bench.connection.begin(b"?", nothing, limit)
        if limit != 1:
            bench.connection.data_received(WHOLE)
    bench.clock.wait(1)
    assert isinstance(answer.result(), ReadTimeoutError)


async def test_nothing_is_written_where_the_caller_changes_its_mind(bench: Bench) -> None:
    def stay() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        bench.connection.begin(b"?", stay, 10)
    assert bench.transport.written == b""
    assert bench.connection.is_free


async def test_an_answer_before_all_is_written_is_the_last_one(bench: Bench) -> None:
    answer = bench.connection.begin(b"?", nothing, 10)
    bench.transport.unwritten = 1
    bench.connection.data_received(WHOLE)
    assert answer.result().status == 200
    assert not bench.connection.is_free


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_what_nobody_waits_for_closes_the_connection(
    bench: Bench, is_cancelled: bool
) -> None:
    if is_cancelled:
        bench.connection.begin(b"?", nothing, 10).cancel()
    assert bench.connection.is_free is not is_cancelled
    bench.connection.data_received(WHOLE)
    assert bench.transport.is_aborted


async def test_one_request_after_another_goes_over_a_connection_with_tls(
    certificate: Certificate,
) -> None:
    async with (
        raw_server(echo, certificate.server) as server,
        pool_of(ssl_context=lambda: certificate.trusted) as pool,
    ):
        for path in (b"/a", b"/b", b"/" + b"c" * 40_000):
            assert (await get(pool, server.origin, path)).body == path
        assert server.connections == 1
