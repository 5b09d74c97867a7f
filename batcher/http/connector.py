"""Opens connections: name, TCP, proxy and TLS, all within one time limit."""

import asyncio
import ssl
from collections.abc import Callable

from aiohappyeyeballs import start_connection

from batcher.http.connection import HttpConnection
from batcher.http.errors import ConnectError, ConnectTimeoutError
from batcher.http.name_resolution import NameResolution
from batcher.http.origin import Origin
from batcher.http.proxy import ConnectAnswer, Proxy, open_tunnel

NEXT_ADDRESS_AFTER = 0.25  # seconds, until another address of a host is tried beside the first

# what the system, TLS, the name of a host and a lack of threads or memory raise
_FAILURES = (OSError, ValueError, RuntimeError, MemoryError)


class Connector:
    """Opens connections, and closes what it opened where that does not come to its end.

    ``timeout``: seconds, None: no limit; ``ssl_context``: called once, when TLS is first needed.
    The proxy's own origin is reached directly, all others through it.
    """

    def __init__(
        self,
        *,
        timeout: float | None,
        ssl_context: Callable[[], ssl.SSLContext],
        proxy: Proxy | None,
    ) -> None:
        self._timeout = timeout
        self._proxy = proxy
        self._names = NameResolution()
        self._of_hosts = _Once(ssl_context)
        own = proxy.ssl_context if proxy is not None else None
        self._of_proxy = self._of_hosts if own is None else _Once(own)

    async def open(
        self, origin: Origin, on_close: Callable[[HttpConnection], None]
    ) -> HttpConnection:
        """A connection on which nothing was sent; ``on_close``: as of HttpConnection.

        Raises ConnectError, ConnectTimeoutError or ProxyRefusedError.
        """
        connection = HttpConnection(asyncio.get_running_loop(), on_close)
        try:
            async with asyncio.timeout(self._timeout):
                await self._open(origin, connection)
        except TimeoutError as error:
            raise ConnectTimeoutError("no connection came about in time") from error
        except _FAILURES as error:
            raise ConnectError(f"no connection came about: {error}") from error
        return connection

    async def _open(self, origin: Origin, connection: HttpConnection) -> None:
        if self._proxy is None:
            transport, descriptor = await self._reach(origin, connection, self._of_hosts)
        elif origin == self._proxy.origin:
            transport, descriptor = await self._reach_proxy(self._proxy, connection)
        else:
            transport, descriptor = await self._tunnel(self._proxy, origin, connection)
        connection.attach(transport, descriptor)

    async def _tunnel(
        self, proxy: Proxy, origin: Origin, connection: HttpConnection
    ) -> tuple[asyncio.Transport, int]:
        loop = asyncio.get_running_loop()
        answer = ConnectAnswer(loop)
        transport, descriptor = await self._reach_proxy(proxy, answer)
        try:
            await open_tunnel(transport, answer, origin, proxy)
            upgraded = await loop.start_tls(
                transport,
                connection,
                self._of_hosts.context(),
                server_hostname=origin.host.rstrip("."),
            )
        except BaseException:
            transport.abort()
            raise
        assert upgraded is not None
        return upgraded, descriptor

    async def _reach_proxy(
        self, proxy: Proxy, protocol: asyncio.Protocol
    ) -> tuple[asyncio.Transport, int]:
        try:
            return await self._reach(proxy.origin, protocol, self._of_proxy)
        except _FAILURES as error:
            said = f"no connection to the proxy came about: {error}"
            raise ConnectError(said, at_proxy=True) from error

    async def _reach(
        self, origin: Origin, protocol: asyncio.Protocol, contexts: "_Once"
    ) -> tuple[asyncio.Transport, int]:
        """A transport to a place, with TLS where its scheme asks for it, and its descriptor."""
        has_tls = origin.scheme == "https"
        context = contexts.context() if has_tls else None
        addresses = await self._names.addresses(origin.host, origin.port)
        sock = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_AFTER)
        descriptor = sock.fileno()
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: protocol,
            sock=sock,
            ssl=context,
            server_hostname=origin.host.rstrip(".") if has_tls else None,
        )
        return transport, descriptor


class _Once:
    """A TLS context that is made when it is first asked for."""

    def __init__(self, make: Callable[[], ssl.SSLContext]) -> None:
        self._make = make
        self._made: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        if self._made is None:
            self._made = self._make()
        return self._made
