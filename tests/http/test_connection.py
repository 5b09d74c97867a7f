"""One connection: a request, and its answer."""

import asyncio

from batcher.http.connection import HttpConnection


async def test_a_connection_is_closed_once_and_says_so() -> None:
    closed: list[HttpConnection] = []
    connection = HttpConnection(asyncio.get_running_loop(), closed.append)
    assert not connection.is_open
    connection.connection_lost(None)
    assert closed == [connection]
