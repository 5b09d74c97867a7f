"""A proxy, and the tunnel through it: CONNECT, and what the proxy says to it.

Which hosts are reached by it, and requests that it forwards without a tunnel, are the caller's.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from batcher.http.errors import BadResponseError, ConnectError, HttpError, ProxyRefusedError
from batcher.http.origin import Origin
from batcher.http.response_parser import HttpResponse, ResponseParser

_PORTS = {"http": 80, "https": 443}


class Proxy(Struct, frozen=True, kw_only=True):
    """A proxy. ``authorization``: the value of Proxy-Authorization, or None.

    ``ssl_context``: for TLS with an https proxy itself; None: that of the hosts.
    """

    origin: Origin
    authorization: str | None = None
    ssl_context: Callable[[], ssl.SSLContext] | None = None


def proxy_of_url(url: str, ssl_context: Callable[[], ssl.SSLContext] | None = None) -> Proxy:
    """A proxy by its URL, which may hold a name and a password.

    Raises ValueError, which quotes nothing of it.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):
        raise ValueError("the URL of the proxy can't be read") from None
    if not parts.hostname:
        raise ValueError("the URL of the proxy has no host")
    return Proxy(
        origin=Origin(parts.scheme, parts.hostname, port),
        authorization=_basic(parts.username, parts.password),
        ssl_context=ssl_context,
    )


def _basic(name: str | None, password: str | None) -> str | None:
    if name is None:
        return None
    pair = f"{unquote(name)}:{unquote(password or '')}"
    try:
        written = pair.encode("latin-1")  # as aiohttp has it, which knows no more characters
    except UnicodeEncodeError:
        written = pair.encode()
    return f"Basic {b64encode(written).decode()}"


async def open_tunnel(
    transport: asyncio.Transport, answer: "ConnectAnswer", host: Origin, proxy: Proxy
) -> None:
    """Have the proxy connect to a host; ``answer``: the transport's protocol.

    Raises ConnectError or ProxyRefusedError.
    """
    transport.write(_connect_request(host, proxy))
    outcome = await answer.outcome
    if isinstance(outcome, HttpError):
        raise ConnectError("the proxy gave no answer to CONNECT", at_proxy=True) from outcome
    if not 200 <= outcome.status < 300:
        authenticate = dict(outcome.headers).get("proxy-authenticate")
        raise ProxyRefusedError(outcome.status, authenticate)
    if answer.is_overfull or transport.is_closing():
        raise ConnectError("the proxy sent more than its answer to CONNECT", at_proxy=True)


def _connect_request(host: Origin, proxy: Proxy) -> bytes:
    lines = [f"CONNECT {host.authority} HTTP/1.1", f"Host: {host.authority}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


class ConnectAnswer(asyncio.Protocol):
    """The protocol of a connection to a proxy, until there is a tunnel."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.outcome: asyncio.Future[HttpResponse | HttpError] = loop.create_future()
        self.is_overfull = False  # something came behind the answer
        self._parser = ResponseParser(to_connect=True)

    def data_received(self, data: bytes) -> None:
        if self.outcome.done():
            self.is_overfull = True
            return
        try:
            response = self._parser.feed(data)
        except BadResponseError as error:
            self._finish(error)
            return
        if response is not None:
            self.is_overfull = not self._parser.keeps_open
            self._finish(response)

    def connection_lost(self, error: Exception | None) -> None:
        lost = ConnectError("the proxy closed the connection", at_proxy=True)
        lost.__cause__ = error
        self._finish(lost)

    def _finish(self, outcome: HttpResponse | HttpError) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)
