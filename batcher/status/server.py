"""The HTTP server of a worker: probes, metrics for Prometheus, a page for people that keeps up.

For reading only. On the loopback whoever reaches the address may read it; where others can, it
takes a token, but for the probes. A web page of elsewhere may not.
"""

import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Self, TypeAlias

import anyio
import anyio.to_thread
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from batcher.errors import StatusError
from batcher.pages.style_sheet import style_sheet
from batcher.status.access import Access
from batcher.status.address import cannot_listen, shown_address
from batcher.status.history import History
from batcher.status.metrics import CONTENT_TYPE, Metrics
from batcher.status.own_names import refused_by
from batcher.status.page import StatusPage, file_of_page, record_page
from batcher.status.snapshot import WorkerSnapshot
from batcher.status.streams import SLOW_AFTER, SlowReaderError, Streams

GRACE = 1.0  # seconds for answers under way when it stops
SILENT_AT_MOST = 10.0  # seconds
SENT_AHEAD = 131_072  # bytes of a live page that the host keeps for who does not read
OPEN_TO_ALL = ("/healthz", "/readyz")  # a supervisor that asks has no token

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
        " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "batcher",
    "X-Content-Type-Options": "nosniff",
}

_LOG = logging.getLogger("aiohttp.server.status")
# else whoever reaches the address fills the log with requests that are none
_LOG.addFilter(
    lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
)

_Answer: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StatusServer:
    """Answers while it is entered.

    ``snapshot`` is asked anew for every request; ``token``: what a request has to give, None:
    nothing; ``silent_at_most``: seconds that a connection may be open without a request;
    ``slow_after``: those after which who does not read is dropped. Entering raises StatusError.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        metrics: Metrics,
        snapshot: Callable[[], WorkerSnapshot],
        history: History | None = None,
        token: str | None = None,
        silent_at_most: float = SILENT_AT_MOST,
        slow_after: float = SLOW_AFTER,
    ) -> None:
        self._requested = (host, port)
        self._silent_at_most = silent_at_most
        self._metrics = metrics
        self._snapshot = snapshot
        self._history = History() if history is None else history
        self._page = StatusPage()
        self._access = Access(token)
        self._slow_after = slow_after
        self._streams = Streams(self._parts, slow_after=slow_after)
        self._exits = AsyncExitStack()
        self.address = ""  # HOST:PORT where it listens

    def __repr__(self) -> str:
        return f"<StatusServer {self.address or 'not open'}, {self._streams.open} look on>"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._guard])
        for path, answer in self._answers().items():
            app.router.add_get(path, answer, allow_head=path in OPEN_TO_ALL)
        app.on_shutdown.append(self._end_streams)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_LOG,
            shutdown_timeout=GRACE,
            keepalive_timeout=self._silent_at_most,
            handler_cancellation=True,  # who has gone looks on no more
        )
        async with AsyncExitStack() as exits:
            exits.push_async_callback(runner.cleanup)
            await runner.setup()
            try:
                await web.TCPSite(runner, *self._requested).start()
            except OSError as error:
                raise StatusError(cannot_listen(*self._requested, error)) from error
            self._exits = exits.pop_all()
        self.address = shown_address(*runner.addresses[0][:2])
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._exits.aclose()

    def _answers(self) -> dict[str, _Answer]:
        return {
            "/": self._whole,
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": self._exposition,
            "/events": self._events,
            r"/failures/{number:[1-9][0-9]{0,14}}": self._failure,
            "/style.css": _file(f"{style_sheet()}\n{file_of_page('status.css')}", "text/css"),
            "/live.js": _file(file_of_page("live.js"), "text/javascript"),
            "/icon.svg": _file(file_of_page("icon.svg"), "image/svg+xml"),
        }

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        _drop_where_unread(request, self._slow_after)
        hosts, origin = request.headers.getall("Host", []), request.headers.get("Origin")
        if (refused := refused_by(hosts, origin, self._requested[0])) is not None:
            status, why = refused
            return _answer(f"{why}\n", status=status)
        if request.path not in OPEN_TO_ALL and (why_not := self._refused(request)) is not None:
            return why_not
        try:
            return await handler(request)
        except web.HTTPException as error:  # nothing there, or not by that method
            return _answer(f"{error.reason}\n", status=error.status)

    def _refused(self, request: web.Request) -> web.Response | None:
        """The answer to who may not read this."""
        refusal = self._access.refused(
            request.headers.get("Authorization"), request.remote or "", anyio.current_time()
        )
        if refusal is None:
            return None
        answer = _answer(f"{refusal.text}\n", status=refusal.status)
        answer.headers.update(refusal.headers)
        return answer

    async def _health(self, request: web.Request) -> web.Response:
        snapshot = self._snapshot()
        return self._probe(request, snapshot.alive, snapshot.reason)

    async def _readiness(self, request: web.Request) -> web.Response:
        snapshot = self._snapshot()
        return self._probe(request, snapshot.alive and snapshot.ready, snapshot.reason)

    def _probe(self, request: web.Request, ok: bool, reason: str | None) -> web.Response:
        """Whether it is well; why not is for those alone who may read the rest."""
        if ok:
            return _answer("ok\n")
        if self._refused(request) is not None:
            return _answer("no; why is told to who has the token\n", status=503)
        return _answer(f"{reason or 'no reason given'}\n", status=503)

    async def _exposition(self, request: web.Request) -> web.Response:
        body = self._metrics.exposition(self._snapshot())
        return web.Response(body=body, headers=_HEADERS | {"Content-Type": CONTENT_TYPE})

    async def _whole(self, request: web.Request) -> web.Response:
        now, hour = self._snapshot(), self._history.moments
        text = await anyio.to_thread.run_sync(self._page.whole, now, hour)
        return _answer(text, "text/html")

    async def _parts(self) -> dict[str, str]:
        now, hour = self._snapshot(), self._history.moments
        return await anyio.to_thread.run_sync(self._page.parts, now, hour)

    async def _failure(self, request: web.Request) -> web.Response:
        now, number = self._snapshot(), int(request.match_info["number"])
        found = next((each for each in now.recent if each.number == number), None)
        text = record_page(now, number, found)
        return _answer(text, "text/html", status=200 if found else 404)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if not self._streams.has_room:
            return _answer("too many look on already; load the page instead\n", status=503)
        if (transport := request.transport) is not None:  # so that it is noticed who does not read
            of_stream = transport.get_extra_info("socket")
            of_stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD)
        answer = web.StreamResponse(headers=_HEADERS | {"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        try:
            await self._streams.send(answer.write)
        except SlowReaderError:
            if transport is not None:
                transport.abort()
        except ConnectionError:
            pass  # he has gone
        return answer

    async def _end_streams(self, app: web.Application) -> None:
        self._streams.close()


def _drop_where_unread(request: web.Request, seconds: float) -> None:
    """Have the host end the connection once nothing that was sent is read for so long.

    Else who asks and does not read holds it for ever, and with many of them all descriptors.
    """
    if request.transport is not None and hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        request.transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000)
        )


def _answer(text: str, content_type: str = "text/plain", *, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type=content_type, status=status, headers=_HEADERS)


def _file(content: str, content_type: str) -> _Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return _answer(content, content_type)

    return answer
