"""Pools of connections that leave nothing behind, and short requests."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from batcher.http.connection_pool import ConnectionPool
from batcher.http.origin import Origin
from batcher.http.proxy import Proxy
from batcher.http.response_parser import HttpResponse
from tests.http.raw_server import RawConnection


def no_tls() -> ssl.SSLContext:
    pytest.fail("a TLS context was made where none is needed")


@asynccontextmanager
async def pool_of(
    size: int = 5,
    *,
    idle_seconds: float = 60,
    connect_timeout: float | None = 5,
    ssl_context: Callable[[], ssl.SSLContext] = no_tls,
    proxy: Proxy | None = None,
    wait_seconds: float | None = 5,
) -> AsyncIterator[ConnectionPool]:
    """A pool that leaves no connection and no task behind, and about which nothing complains."""
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    pool = ConnectionPool(
        size=size,
        connect_timeout=connect_timeout,
        ssl_context=ssl_context,
        proxy=proxy,
        idle_seconds=idle_seconds,
        wait_seconds=wait_seconds,
    )
    yield pool
    await pool.aclose()
    assert repr(pool) == f"<ConnectionPool: 0 of {size}, 0 idle, 0 waiting>"
    assert tasks_of_others() == []
    assert complaints == []


def tasks_of_others() -> list[asyncio.Task[object]]:
    """Tasks that run and that neither a test nor a server started."""
    files = [(task, task.get_coro().cr_code.co_filename) for task in asyncio.all_tasks()]
    ours = ("/batcher/http/", "/aiohappyeyeballs/")
    return [task for task, file in files if any(each in file for each in ours)]


async def get(
    pool: ConnectionPool,
    origin: Origin,
    path: bytes = b"/",
    *,
    on_leave: Callable[[], None] = lambda: None,
    read_timeout: float | None = 5,
) -> HttpResponse:
    request = b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path
    return await pool.send(origin, request, on_leave=on_leave, read_timeout=read_timeout)


async def echo(connection: RawConnection) -> None:
    """Answer every request with its path."""
    while True:
        connection.answer(await connection.request())
