"""Connections to any number of hosts out of one pool, and requests over them.

``size`` holds for all hosts together, as the descriptors of a process do: thousands of targets of
one Region share one host, so that a limit for each host would be one for all of them. How many
requests of one target are under way at once is decided by whoever sends them.

Whoever finds the pool full waits in line. A connection that comes free goes to the first who waits
for its host, unless somebody waits for another one too long: then it is closed for them.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable
from math import inf

from batcher.http.connection import HttpConnection
from batcher.http.connector import Connector
from batcher.http.errors import ConnectError, ConnectTimeoutError
from batcher.http.origin import Origin
from batcher.http.proxy import Proxy
from batcher.http.response_parser import HttpResponse
from batcher.http.waiting_line import WaitingLine

IDLE_SECONDS = 12.0  # as aiobotocore: shorter than AWS keeps a connection
WAIT_SECONDS = 120.0  # for a connection of a full pool, and to open one


class ConnectionPool:
    """Sends requests, and keeps the connections. Use it in one event loop, and close it there.

    ``size``: connections open at once; ``connect_timeout``: seconds for name, TCP, proxy and TLS
    together, None: no limit; ``ssl_context``: called once, when TLS is first needed;
    ``idle_seconds``: after which a connection that nobody used is closed; ``wait_seconds``: that a
    request waits for a connection at most, in line and while one is opened.
    """

    def __init__(
        self,
        *,
        size: int,
        connect_timeout: float | None,
        ssl_context: Callable[[], ssl.SSLContext],
        proxy: Proxy | None = None,
        idle_seconds: float = IDLE_SECONDS,
        wait_seconds: float | None = WAIT_SECONDS,
    ) -> None:
        self._size = size
        self._proxy = proxy
        self._connector = Connector(timeout=connect_timeout, ssl_context=ssl_context, proxy=proxy)
        self._idle_seconds = idle_seconds
        self._wait_seconds = wait_seconds
        self._taken = 0  # connections and rights to open one; never more than size
        self._idle: defaultdict[Origin, list[HttpConnection]] = defaultdict(list)  # oldest first
        # told: a connection, or None, which is the right to open one
        self._line = WaitingLine[HttpConnection | None]()
        self._open: dict[HttpConnection, Origin] = {}  # until their descriptors are closed
        self._sweep: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def __repr__(self) -> str:
        idle = sum(map(len, self._idle.values()))
        taken = f"{self._taken} of {self._size}"
        return f"<ConnectionPool: {taken}, {idle} idle, {len(self._line)} waiting>"

    async def send(
        self,
        origin: Origin,
        request: bytes | Callable[[], bytes],
        *,
        on_leave: Callable[[], None],
        read_timeout: float | None,
        answer_within: float | None = None,
    ) -> HttpResponse:
        """The answer to a whole request of HTTP/1.1; raises HttpError.

        ``request``: or what makes it, called when there is a connection: a signature gets old.
        ``on_leave``: called just before the first byte is written; where it raises, none is.
        ``read_timeout``: seconds between two pieces of the answer; ``answer_within``: from its
        leaving to the end of the answer. May be cancelled at any time.
        """
        origin = self._endpoint(origin)
        connection = self._take_idle(origin) or await self._wait_for_one(origin)
        try:
            whole = request if isinstance(request, bytes) else request()
            outcome = await connection.begin(whole, on_leave, read_timeout, answer_within)
        finally:
            self._give_back(origin, connection)
        if isinstance(outcome, HttpResponse):
            return outcome
        raise outcome

    async def connect(self, origin: Origin) -> None:
        """Have a connection, proxy and TLS included, and send nothing; raises HttpError."""
        origin = self._endpoint(origin)
        connection = self._take_idle(origin) or await self._wait_for_one(origin)
        self._give_back(origin, connection)

    async def aclose(self) -> None:
        """Close all connections; what is under way on them, or waits for one, fails."""
        self._is_closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        while (called := self._line.call(inf)) is not None:
            self._taken += 1  # they give it up again
            called[1].set_result(None)
        for connection in list(self._open):
            connection.abort()
        await self._is_empty.wait()

    def _endpoint(self, origin: Origin) -> Origin:
        """Where a connection for requests to an origin leads; tunnels lead to the origin."""
        if self._proxy is not None and origin.scheme == "http":
            return self._proxy.origin
        return origin

    def _take_idle(self, origin: Origin) -> HttpConnection | None:
        """The connection that was used last, as the peer tends to close the oldest."""
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            if connection.is_quiet():
                return connection
            connection.abort()
            self._free()
        return None

    async def _wait_for_one(self, origin: Origin) -> HttpConnection:
        """A connection to be opened, or one that comes free, within a limit."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await self._next_connection(origin)
        except TimeoutError as error:
            late = f"no connection came free or was opened within {self._wait_seconds:g} s"
            raise ConnectTimeoutError(late) from error

    async def _next_connection(self, origin: Origin) -> HttpConnection:
        if self._taken < self._size:
            self._taken += 1
        elif not self._close_idlest():
            connection = await self._stand_in_line(origin)
            if connection is not None:
                if connection.is_quiet():
                    return connection
                connection.abort()
        return await self._open_taken(origin)

    async def _open_taken(self, origin: Origin) -> HttpConnection:
        """Open a connection by a right to do so, which is given up where that fails."""
        try:
            if self._is_closed:
                raise ConnectError("the pool of connections is closed")
            connection = await self._connector.open(origin, self._on_close)
            if self._is_closed or not connection.is_open:
                connection.abort()
                raise ConnectError("the connection was closed before anything was sent")
        except BaseException:
            self._free()
            raise
        self._open[connection] = origin
        self._is_empty.clear()
        return connection

    async def _stand_in_line(self, origin: Origin) -> HttpConnection | None:
        """A connection, or None: the right to open one."""
        loop = asyncio.get_running_loop()
        place: asyncio.Future[HttpConnection | None] = loop.create_future()
        self._line.join(origin, place, loop.time())
        try:
            return await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._line.leave(origin, place)
            elif (connection := place.result()) is not None:
                self._give_back(origin, connection)
            else:
                self._free()
            raise

    def _give_back(self, origin: Origin, connection: HttpConnection) -> None:
        if not connection.is_free:
            connection.abort()
            self._free()
        elif not self._line or (called := self._call(origin)) is None:  # nearly always
            self._keep(origin, connection)
        elif called[0] == origin:
            called[1].set_result(connection)
        else:
            connection.abort()
            called[1].set_result(None)

    def _free(self) -> None:
        """Give up a connection, or the right to open one, for whoever waits."""
        if (called := self._call()) is None:
            self._taken -= 1
        else:
            called[1].set_result(None)

    def _call(
        self, origin: Origin | None = None
    ) -> "tuple[Origin, asyncio.Future[HttpConnection | None]] | None":
        """Who goes next."""
        return self._line.call(asyncio.get_running_loop().time(), origin)

    def _keep(self, origin: Origin, connection: HttpConnection) -> None:
        connection.rest()
        self._idle[origin].append(connection)
        if self._sweep is None:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(self._idle_seconds, self._close_unused)

    def _close_unused(self) -> None:
        """Close what was idle for too long, and come again when the next will have been."""
        loop = asyncio.get_running_loop()
        due = loop.time() - self._idle_seconds
        while (oldest := self._idlest()) is not None and oldest.idle_since <= due:
            self._close(oldest)
        self._sweep = None
        if oldest is not None:
            at = oldest.idle_since + self._idle_seconds
            self._sweep = loop.call_at(at, self._close_unused)

    def _idlest(self) -> HttpConnection | None:
        """The connection that was idle for longest."""
        oldest = [idle[0] for idle in self._idle.values() if idle]
        return min(oldest, key=lambda each: each.idle_since, default=None)

    def _close_idlest(self) -> bool:
        """Close a connection that nobody uses, and keep the right to open one in its place."""
        if (oldest := self._idlest()) is None:
            return False
        self._close(oldest)
        self._taken += 1
        return True

    def _close(self, idle: HttpConnection) -> None:
        self._idle[self._open[idle]].remove(idle)
        idle.abort()
        self._taken -= 1

    def _on_close(self, connection: HttpConnection) -> None:
        """Forget a connection whose descriptor is closed, by whoever closed it."""
        origin = self._open.pop(connection, None)
        if origin is not None and connection in self._idle[origin]:
            self._idle[origin].remove(connection)
            self._free()
        if not self._open:
            self._is_empty.set()
