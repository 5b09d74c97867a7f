"""Our own way, as a target uses it: what it honours, what it leaves to the SDK, how it ends."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from batcher.aws.lean_caller import LeanCaller
from batcher.aws.lean_connections import LeanConnections
from batcher.aws.service_model import model_loader
from batcher.emulator import Emulator
from batcher.errors import NotSentError
from batcher.operations import GET_TRIGGER, LIST_DOMAINS, TRIGGER_NAMES, UPDATE_TRIGGER
from tests.aws.test_client import target
from tests.conftest import change, trigger
from tests.odd_server import OddServer, http

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

NAMES = {name: trigger(1)[name] for name in TRIGGER_NAMES}
SHOWN = {"EventTriggerName": "t1"}


def caller(opened: Any) -> LeanCaller:
    found = opened._transports[-1]  # noqa: SLF001 # how it sends is nobody's business
    assert isinstance(found, LeanCaller)
    return found


async def test_what_has_no_template_goes_the_way_of_the_sdk_which_is_opened_then() -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url, target(url) as eu:
        ours = caller(eu)
        assert (await eu.call(GET_TRIGGER, NAMES)).code is None
        assert ours._sdk is None  # noqa: SLF001 # no client is held for nothing
        listed = await eu.call(LIST_DOMAINS, {})
        assert ours._sdk is not None  # noqa: SLF001 # as above
    assert (listed.reached, listed.code) == ("answered", None)
    assert [call.operation for call in emulator.calls()] == [GET_TRIGGER, LIST_DOMAINS]


async def test_one_request_at_a_time_needs_one_connection_and_a_closed_one_no_second_try() -> None:
    opened: list[asyncio.StreamWriter] = []
    odd = OddServer(lambda _: http(200, SHOWN))

    def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        odd.handle(reader, writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, target(url) as eu:
        for _ in range(5):
            assert (await eu.call(UPDATE_TRIGGER, change(1))).code is None
        assert len(opened) == 1
        opened[0].transport.abort()  # while nobody waits for anything
        await opened[0].wait_closed()
        assert (await eu.call(UPDATE_TRIGGER, change(1))).code is None
        await odd.close()
    assert (len(opened), len(odd.requests)) == (2, 6)


@asynccontextmanager
async def tunnelling(
    asked: list[bytes], context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A proxy that connects to whatever it is asked for; its host and port.

    ``context``: of its own TLS; None: it has none.
    """
    pumps: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**16):
            writer.write(data)
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        host, _, port = asked[-1].split(b" ")[1].decode().rpartition(":")
        there, out = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        pumps.update({asyncio.create_task(pump(reader, out))})
        pumps.update({asyncio.create_task(pump(there, writer))})

    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0, ssl=context)
    async with proxy:
        yield f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        for each in pumps:
            each.cancel()


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("proxied", [None, "http", "https"])
async def test_tls_is_agreed_on_by_the_bundle_that_is_set_through_the_proxy_that_is_set(
    certificate: Path, proxied: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    odd, asked = OddServer(lambda _: http(200, SHOWN)), list[bytes]()
    server = await asyncio.start_server(odd.handle, "127.0.0.1", 0, ssl=context)
    place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    of_proxy = context if proxied == "https" else None  # then it is TLS in TLS
    async with server, tunnelling(asked, of_proxy) as proxy:
        if proxied:
            monkeypatch.setenv("HTTPS_PROXY", f"{proxied}://me:p%40ss@{proxy}")
        async with target(f"https://{place}") as eu:
            with pytest.raises(NotSentError, match="self-signed certificate"):
                await eu.check()
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        async with target(f"https://{place}") as eu:
            await eu.check()
            assert (await eu.call(UPDATE_TRIGGER, change(1))).code is None
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.parent / "none.pem"))
        async with target(f"https://{place}") as eu:
            with pytest.raises(NotSentError, match="AWS_CA_BUNDLE"):
                await eu.check()
        await odd.close()
    assert bool(asked) is bool(proxied)
    password = b64encode(b"me:p@ss")
    for head in asked:
        assert head.startswith(f"CONNECT {place} HTTP/1.1\r\n".encode())
        assert b"Proxy-Authorization: Basic " + password in head
    assert b"".join(asked).count(b"CONNECT") <= 3
    assert [request.method for request in odd.requests] == ["PUT"]
    assert odd.requests[0].headers["host"] == place


@pytest.mark.usefixtures("transport")
async def test_a_proxy_without_tls_is_asked_to_forward_the_whole_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = OddServer(lambda _: http(200, SHOWN))
    proxy = await asyncio.start_server(odd.handle, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "elsewhere.invalid")
    async with proxy:
        async with target("http://profile.invalid:81") as eu:
            assert (await eu.call(UPDATE_TRIGGER, change(1))).code is None
        await odd.close()
    (request,) = odd.requests
    assert request.path == "http://profile.invalid:81/domains/acme/event-triggers/t1"
    assert request.headers["host"] == "profile.invalid:81"
    assert request.headers["proxy-authorization"] == f"Basic {b64encode(b'me:secret').decode()}"


async def test_connections_are_closed_with_the_last_target_and_open_again_for_the_next() -> None:
    shared = LeanConnections(model_loader(), timeout=5)
    odd = OddServer(lambda _: http(200, SHOWN))
    server = await asyncio.start_server(odd.handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with target(url, connections=shared) as one:
            pool = caller(one)._wire.pool  # noqa: SLF001 # what targets share
            async with target(url, connections=shared) as two:
                assert caller(two)._wire is caller(one)._wire  # noqa: SLF001 # as above
                for each in (one, two):
                    assert (await each.call(UPDATE_TRIGGER, change(1))).code is None
            assert pool.opened is not None
        assert pool.opened is None
        async with target(url, connections=shared) as again:
            assert (await again.call(UPDATE_TRIGGER, change(1))).code is None
        await odd.close()
    assert len(odd.requests) == 3
