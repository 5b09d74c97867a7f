"""The web server's connections: reset at will, and awaited until their client leaves.

Those that never send a request are closed.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

MAX_BODY = 16 * 2**20  # bytes; the largest request the model allows has about 13 MiB when escaped
SILENT_AT_MOST = 10.0  # seconds from a connection to its first request
NO_LINGER = struct.pack("ii", 1, 0)  # closing the socket then sends RST


class Connections(web.Server):
    """A low-level web server that knows when a connection is gone."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        silent_at_most: float = SILENT_AT_MOST,
    ) -> None:
        super().__init__(self._handle, request_factory=self._request, access_log=None)
        self._handler = handler
        self._answering: set[asyncio.Task[Any]] = set()
        self._gone: dict[RequestHandler, asyncio.Event] = {}
        self._silent_at_most = silent_at_most
        self._silent: dict[RequestHandler, asyncio.TimerHandle] = {}

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 # aiohttp's
        """End all calls in flight within so many seconds, then their connections.

        aiohttp's own wait shows a traceback where a call ends in the moment in which it gives up.
        """
        if self._answering:
            _, late = await asyncio.wait(self._answering, timeout=timeout)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=timeout)
        await super().shutdown(timeout)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)  # it also writes the answer
        task.add_done_callback(self._answering.discard)
        return await self._handler(request)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        loop = asyncio.get_running_loop()
        self._silent[handler] = loop.call_later(self._silent_at_most, transport.abort)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._heard(handler)
        if event := self._gone.pop(handler, None):
            event.set()

    def _heard(self, handler: RequestHandler) -> None:
        if timer := self._silent.pop(handler, None):
            timer.cancel()

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        self._heard(protocol)
        loop = asyncio.get_running_loop()
        return web.BaseRequest(
            message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY
        )

    async def wait_gone(self, request: web.BaseRequest) -> None:
        """Returns when the request's connection is closed, by either side."""
        if request.transport is not None:
            await self._gone.setdefault(request.protocol, asyncio.Event()).wait()

    async def reset(self, request: web.BaseRequest) -> None:
        """Ends the connection with a reset (RST), and returns when it is gone."""
        if request.transport is not None:
            request.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER
            )
            request.transport.abort()
            await self.wait_gone(request)
