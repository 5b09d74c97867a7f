"""Proxies: their URLs, and tunnels through them."""

import asyncio
from base64 import b64encode
from urllib.parse import quote

import pytest
from aiohttp.helpers import strip_auth_from_url
from yarl import URL

from batcher.http.errors import ConnectError, ProxyRefusedError
from batcher.http.origin import Origin
from batcher.http.proxy import Proxy, proxy_of_url
from tests.http.conftest import Certificate
from tests.http.pools import echo, get, pool_of
from tests.http.raw_server import RawConnection, raw_server
from tests.servers import free_port


def test_a_url_gives_the_place_and_what_authorizes() -> None:
    proxy = proxy_of_url("http://me:p%40ss@proxy.example:3128")
    assert proxy.origin == Origin("http", "proxy.example", 3128)
    assert proxy.authorization == "Basic bWU6cEBzcw=="
    assert proxy_of_url("https://[::1]").origin == Origin("https", "::1", 443)
    assert proxy_of_url("proxy.example").origin == Origin("http", "proxy.example", 80)
    assert proxy_of_url("http://proxy.example:0").origin.port == 0  # nobody's, and not 80


@pytest.mark.parametrize("pair", ["me:pass", "ä:§ é", "%25:%40", "ÿ@:\xa0"])
def test_who_asks_a_proxy_is_written_as_the_sdk_writes_it(pair: str) -> None:
    url = f"http://{quote(pair, safe=':%')}@proxy.example"
    _, theirs = strip_auth_from_url(URL(url))
    assert theirs is not None
    assert proxy_of_url(url).authorization == theirs.encode()


def test_characters_that_the_sdk_has_no_bytes_for_are_utf_8() -> None:
    authorization = proxy_of_url("http://me:%E2%82%AC@proxy.example").authorization
    assert authorization == f"Basic {b64encode('me:€'.encode()).decode()}"


@pytest.mark.parametrize("url", ["socks5://secret", "http://", "http://secret:x", "http://[secret"])
def test_a_url_that_can_not_be_read_is_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="the URL of the proxy") as refused:
        proxy_of_url(url)
    assert "secret" not in str(refused.value)


class Tunnels:
    """A proxy that connects; ``asked``: what it was asked, head by head."""

    def __init__(self, reply: bytes = b"HTTP/1.0 200 Connected\r\n\r\n") -> None:
        self.reply = reply
        self.asked: list[bytes] = []

    async def talk(self, client: RawConnection) -> None:
        head = await client.reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        client.writer.write(self.reply)
        if b" 200 " not in self.reply:
            return
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(pump(client.reader, writer))
                tasks.create_task(pump(reader, client.writer))
        except* ConnectionError:
            pass
        finally:
            writer.close()


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(10_000):
        sink.write(piece)
    sink.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_host_with_tls_is_reached_by_a_tunnel(
    scheme: str, certificate: Certificate
) -> None:
    tunnels = Tunnels()
    async with (
        raw_server(echo, certificate.server) as server,
        raw_server(tunnels.talk, certificate.server if scheme == "https" else None) as via,
    ):
        proxy = proxy_of_url(f"{scheme}://me:secret@127.0.0.1:{via.origin.port}")
        async with pool_of(proxy=proxy, ssl_context=lambda: certificate.trusted) as pool:
            for path in (b"/a", b"/b"):
                assert (await get(pool, server.origin, path)).body == path
        place = server.origin.authority.encode()
        assert tunnels.asked == [
            b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n"
            b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n" % (place, place)
        ]


async def test_a_proxy_gets_requests_without_tls_as_they_are() -> None:
    async with raw_server(echo) as via:
        proxy = Proxy(origin=via.origin)
        async with pool_of(proxy=proxy) as pool:
            answer = await get(pool, Origin("http", "host.invalid", 80), b"http://host.invalid/a")
            assert answer.body == b"http://host.invalid/a"
            await get(pool, via.origin)
            await get(pool, Origin("http", "other.invalid", 80))
            assert via.connections == 1


REPLIES = [
    (b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\n", 407, "Basic"),
    (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", 502, None),
    (b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", 302, None),
]


@pytest.mark.parametrize(("reply", "status", "authenticate"), REPLIES, ids=[407, 502, 302])
async def test_what_a_proxy_refuses_did_not_leave(
    reply: bytes, status: int, authenticate: str | None, certificate: Certificate
) -> None:
    async with raw_server(Tunnels(reply).talk) as via:
        proxy = Proxy(origin=via.origin)
        async with pool_of(proxy=proxy, ssl_context=lambda: certificate.trusted) as pool:
            with pytest.raises(ProxyRefusedError) as refused:
                await get(pool, Origin("https", "host.invalid", 443), on_leave=pytest.fail)
        assert (refused.value.status, refused.value.authenticate) == (status, authenticate)


async def test_a_proxy_that_refused_is_let_go(certificate: Certificate) -> None:
    gone = asyncio.Event()

    async def talk(connection: RawConnection) -> None:
        await connection.request()
        connection.writer.write(b"HTTP/1.1 403 No\r\n\r\n")
        await connection.until_closed()
        gone.set()

    async with raw_server(talk) as via:
        proxy = Proxy(origin=via.origin)
        async with pool_of(proxy=proxy, ssl_context=lambda: certificate.trusted) as pool:
            with pytest.raises(ProxyRefusedError):
                await get(pool, Origin("https", "host.invalid", 443))
            async with asyncio.timeout(10):
                await gone.wait()


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\n\r\nSSH"])
async def test_a_proxy_that_can_not_be_understood_is_one_that_can_not_be_reached(
    reply: bytes, certificate: Certificate
) -> None:
    async def talk(connection: RawConnection) -> None:
        await connection.request()
        connection.writer.write(reply)

    async with raw_server(talk) as via:
        proxy = Proxy(origin=via.origin)
        async with pool_of(proxy=proxy, ssl_context=lambda: certificate.trusted) as pool:
            with pytest.raises(ConnectError) as failed:
                await get(pool, Origin("https", "host.invalid", 443), on_leave=pytest.fail)
        assert failed.value.at_proxy


async def test_a_proxy_that_is_not_there_is_told_from_a_host_that_is_not(
    certificate: Certificate,
) -> None:
    nobody = proxy_of_url(f"http://127.0.0.1:{free_port()}")
    async with pool_of(proxy=nobody, ssl_context=lambda: certificate.trusted) as pool:
        with pytest.raises(ConnectError) as failed:
            await get(pool, Origin("https", "host.invalid", 443))
    assert failed.value.at_proxy

    async def talk(connection: RawConnection) -> None:
        connection.writer.write(b"SSH-2.0\r\n")
        await connection.until_closed()

    async with raw_server(Tunnels().talk) as via, raw_server(talk) as host:
        proxy = Proxy(origin=via.origin)
        async with pool_of(proxy=proxy, ssl_context=lambda: certificate.trusted) as pool:
            with pytest.raises(ConnectError) as failed:
                await get(pool, host.origin._replace(scheme="https"))
    assert not failed.value.at_proxy
