"""Requests over connections that are kept."""

import asyncio
import ssl

from batcher.http.connection_pool import ConnectionPool
from batcher.http.origin import Origin
from tests.odd_server import http, odd_server


async def test_a_connection_is_kept_for_the_next_request() -> None:
    left = []
    pool = ConnectionPool(size=3, connect_timeout=5, ssl_context=ssl.create_default_context)
    async with odd_server(lambda request: http(200, request.path)) as server:
        origin = Origin("http", "127.0.0.1", int(server.url.rpartition(":")[2]))
        for path in (b"/a", b"/b"):
            response = await pool.send(
                origin,
                b"GET %s HTTP/1.1\r\n\r\n" % path,
                on_leave=lambda: left.append(repr(pool)),
                read_timeout=5,
            )
            assert (response.status, response.body) == (200, path)
        assert left == ["<ConnectionPool: 1 of 3, 0 idle, 0 waiting>"] * 2
        assert repr(pool) == "<ConnectionPool: 1 of 3, 1 idle, 0 waiting>"
        await pool.aclose()
    assert repr(pool) == "<ConnectionPool: 0 of 3, 0 idle, 0 waiting>"
    assert asyncio.all_tasks() == {asyncio.current_task()}
