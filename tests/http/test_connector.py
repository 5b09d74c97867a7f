"""Opening of connections, and what keeps them from being opened."""

import asyncio
import socket
import ssl
from collections.abc import Callable

import pytest

from batcher.http.connector import Connector
from batcher.http.errors import ConnectError, ConnectTimeoutError
from batcher.http.origin import Origin
from tests.http.conftest import Certificate
from tests.http.pools import echo, get, no_tls, pool_of, tasks_of_others
from tests.http.raw_server import RawConnection, raw_server
from tests.servers import free_port


async def failure(
    origin: Origin,
    ssl_context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> BaseException | None:
    """The error behind a ConnectError."""
    connector = Connector(timeout=5, ssl_context=ssl_context, proxy=None)
    with pytest.raises(ConnectError) as refused:
        await connector.open(origin, lambda _: None)
    assert not refused.value.at_proxy
    assert tasks_of_others() == []
    return refused.value.__cause__


async def test_what_keeps_a_connection_from_being_opened_is_told(certificate: Certificate) -> None:
    nobody = Origin("http", "127.0.0.1", free_port())
    assert isinstance(await failure(nobody, no_tls), ConnectionRefusedError)
    nowhere = Origin("https", "no-such-host.invalid", 443)
    assert isinstance(await failure(nowhere), socket.gaierror)
    assert isinstance(await failure(Origin("http", "a" * 64, 80)), UnicodeError)

    async with raw_server(echo, certificate.server) as server:
        untrusted = await failure(server.origin)
        assert isinstance(untrusted, ssl.SSLCertVerificationError)
        other_name = server.origin._replace(host="127.0.0.2")
        unnamed = await failure(other_name, lambda: certificate.trusted)
        assert isinstance(unnamed, ConnectionRefusedError | ssl.SSLCertVerificationError)

    async with raw_server(RawConnection.until_closed) as server:
        server.origin = server.origin._replace(scheme="https")
        connector = Connector(timeout=0.05, ssl_context=ssl.create_default_context, proxy=None)
        with pytest.raises(ConnectTimeoutError):
            await connector.open(server.origin, lambda _: None)

    async def hang_up(connection: RawConnection) -> None:
        connection.reset()

    async with raw_server(hang_up) as server:
        assert isinstance(await failure(server.origin._replace(scheme="https")), OSError)


async def test_a_file_that_tls_needs_and_that_is_not_there_is_told() -> None:
    cause = await failure(
        Origin("https", "127.0.0.1", 443), lambda: ssl.create_default_context(cafile="absent")
    )
    assert isinstance(cause, FileNotFoundError)


async def test_the_context_of_tls_is_made_once_and_late(certificate: Certificate) -> None:
    made = []

    def make() -> ssl.SSLContext:
        made.append(1)
        return certificate.trusted

    async with (
        raw_server(echo) as plain,
        raw_server(echo, certificate.server) as server,
        pool_of(ssl_context=make) as pool,
    ):
        await get(pool, plain.origin)
        assert made == []
        named = server.origin._replace(host="localhost")
        await asyncio.gather(*(get(pool, named) for _ in range(4)))
        assert made == [1]


async def test_opening_can_be_cancelled_at_any_moment(certificate: Certificate) -> None:
    async with (
        raw_server(echo, certificate.server) as server,
        pool_of(ssl_context=lambda: certificate.trusted) as pool,
    ):
        for turns in range(25):
            opening = asyncio.create_task(pool.connect(server.origin))
            for _ in range(turns):
                await asyncio.sleep(0)
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        assert "0 waiting" in repr(pool)
        assert (await get(pool, server.origin)).status == 200
