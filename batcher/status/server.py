"""The HTTP server of a worker: probes, metrics for Prometheus, a page for people.

They are ``/healthz``, ``/readyz``, ``/metrics`` and ``/``, for reading only. Whoever reaches the
address may read them, so by default that is the loopback; a web page of elsewhere may not.
"""

import errno
import os
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from ipaddress import IPv6Address
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from batcher.errors import SettingsError, StatusError
from batcher.status.metrics import CONTENT_TYPE, Metrics
from batcher.status.own_names import refused_by
from batcher.status.page import page
from batcher.status.snapshot import WorkerSnapshot

LOOPBACK = "127.0.0.1"
GRACE = 1.0  # seconds for answers under way when it stops
SILENT_AT_MOST = 10.0  # seconds

_ADDRESS = re.compile(r"(?:(?P<host>[A-Za-z0-9._-]*|\[[^\]]+\]):)?(?P<port>[0-9]{1,5})")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; ``PORT`` and ``:PORT`` are on the loopback.

    IPv6 is in brackets. Port 0 takes a free one. Raises SettingsError.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise SettingsError(
            f"--http: can't be {text!r}. Give HOST:PORT, as in 127.0.0.1:9090, [::1]:9090 or 9090."
        )
    host = match["host"] or LOOPBACK
    if host.startswith("["):
        host = host[1:-1]
        try:
            IPv6Address(host)
        except ValueError as error:
            raise SettingsError(
                f"--http: can't be {text!r}: {error}. In brackets is an IPv6 address."
            ) from error
    return host, int(match["port"])


class StatusServer:
    """Answers while it is entered.

    ``snapshot`` is asked anew for every request; ``silent_at_most``: seconds that a connection may
    be open without a request. Entering raises StatusError.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        metrics: Metrics,
        snapshot: Callable[[], WorkerSnapshot],
        silent_at_most: float = SILENT_AT_MOST,
    ) -> None:
        self._requested = (host, port)
        self._silent_at_most = silent_at_most
        self._metrics = metrics
        self._snapshot = snapshot
        self._exits = AsyncExitStack()
        self.address = ""  # HOST:PORT where it listens

    def __repr__(self) -> str:
        return f"<StatusServer {self.address or 'not open'}>"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._guard])
        for path, answer in (
            ("/", self._page),
            ("/healthz", self._health),
            ("/readyz", self._readiness),
            ("/metrics", self._exposition),
        ):
            app.router.add_get(path, answer, allow_head=path.endswith("z"))
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=GRACE,
            keepalive_timeout=self._silent_at_most,
        )
        async with AsyncExitStack() as exits:
            exits.push_async_callback(runner.cleanup)
            await runner.setup()
            try:
                await web.TCPSite(runner, *self._requested).start()
            except OSError as error:
                raise StatusError(_cannot_listen(*self._requested, error)) from error
            self._exits = exits.pop_all()
        self.address = _shown(*runner.addresses[0][:2])
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._exits.aclose()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts, origin = request.headers.getall("Host", []), request.headers.get("Origin")
        if (refused := refused_by(hosts, origin, self._requested[0])) is not None:
            status, why = refused
            return web.Response(status=status, text=f"{why}\n", headers=_HEADERS)
        return await handler(request)

    async def _health(self, request: web.Request) -> web.Response:
        snapshot = self._snapshot()
        return _probe(snapshot.alive, snapshot.reason)

    async def _readiness(self, request: web.Request) -> web.Response:
        snapshot = self._snapshot()
        return _probe(snapshot.alive and snapshot.ready, snapshot.reason)

    async def _exposition(self, request: web.Request) -> web.Response:
        body = self._metrics.exposition(self._snapshot())
        return web.Response(body=body, headers=_HEADERS | {"Content-Type": CONTENT_TYPE})

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=page(self._snapshot()), content_type="text/html", headers=_HEADERS)


def _probe(ok: bool, reason: str | None) -> web.Response:
    text = "ok" if ok else reason or "no reason given"
    return web.Response(status=200 if ok else 503, text=f"{text}\n", headers=_HEADERS)


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"--http {_shown(host, port)}: another program listens there. Give another port, or 0"
            " for a free one."
        )
    # below 0: names not found
    reason = os.strerror(number) if (number := error.errno or 0) > 0 else error.strerror
    return (
        f"--http {_shown(host, port)}: can't listen there: {reason}. Give an address of this host"
        " and a free port."
    )
