"""A connection that is kept: one request on it at a time, and its answer.

No task and no lock: bytes come by callback, and whoever sends waits for one future.
"""

import asyncio
import select
from collections.abc import Callable
from math import inf

from batcher.http.errors import (
    BadResponseError,
    ConnectionLostError,
    HttpError,
    ReadTimeoutError,
)
from batcher.http.response_parser import HttpResponse, ResponseParser


class HttpConnection(asyncio.Protocol):
    """The protocol of a transport, which ``attach`` gives it once it is ready to use.

    ``on_close``: called once, when its descriptor is about to be closed.
    """

    __slots__ = (
        "_answer_by",
        "_deadline",
        "_loop",
        "_on_close",
        "_parser",
        "_peer",
        "_read_timeout",
        "_timer",
        "_transport",
        "_waiter",
        "idle_since",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_close: Callable[["HttpConnection"], None]
    ) -> None:
        self._loop = loop
        self._on_close = on_close
        self._parser = ResponseParser()
        self._transport: asyncio.Transport | None = None  # None: it is closed
        self._peer = select.poll()  # three times as fast as to peek into the socket
        self._waiter: asyncio.Future[HttpResponse | HttpError] | None = None  # in hand
        self._read_timeout = inf
        self._answer_by = inf  # the whole of it
        self._deadline = inf  # for the next piece of the answer
        # moved on when it fires, not with each request: most never need it
        self._timer: asyncio.TimerHandle | None = None
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether neither end has closed it, as far as this process has looked."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def is_free(self) -> bool:
        """Whether another request may go out on it: all is written, all is read, it stays open."""
        transport = self._transport
        return (
            self._waiter is None
            and self._parser.keeps_open
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    def is_quiet(self) -> bool:
        """Whether the peer has neither closed it nor sent anything that was not read yet.

        Asks the system: the event loop may not have come to it.
        """
        transport = self._transport
        return transport is not None and not (transport.is_closing() or self._peer.poll(0))

    def attach(self, transport: asyncio.Transport, descriptor: int) -> None:
        """Use a transport whose protocol this is; ``descriptor``: of the socket under it."""
        self._peer.register(descriptor, select.POLLIN)
        if not transport.is_closing():
            self._transport = transport
            self._parser.keeps_open = True

    def begin(
        self,
        request: bytes,
        on_leave: Callable[[], None],
        read_timeout: float | None,
        answer_within: float | None = None,
    ) -> "asyncio.Future[HttpResponse | HttpError]":
        """Write a request; the future of its answer, or of what it failed of.

        On an open connection that is free only. Where ``on_leave`` raises, nothing is written.
        """
        assert self._transport is not None
        on_leave()
        self._waiter = waiter = self._loop.create_future()
        now = self._loop.time()
        self._read_timeout = inf if read_timeout is None else read_timeout
        self._answer_by = inf if answer_within is None else now + answer_within
        self._await_piece(now)
        self._transport.write(request)
        return waiter

    def rest(self) -> None:
        """Be idle from now on."""
        self.idle_since = self._loop.time()

    def abort(self) -> None:
        """Close it at once; what is not written yet never is."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pass  # attach comes once the proxy and TLS are agreed on

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.abort()  # nothing was asked, or nobody wants to know any more
            return
        try:
            response = self._parser.feed(data)
        except BadResponseError as error:
            self._fail(error)
            return
        if response is None:
            self._await_piece(self._loop.time())
        else:
            self._finish(response)

    def eof_received(self) -> None:
        if (response := self._parser.feed_end()) is not None:
            self._finish(response)

    def connection_lost(self, error: Exception | None) -> None:
        lost = ConnectionLostError("the connection was closed before the end of the answer")
        lost.__cause__ = error
        self._finish(lost)
        self.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._on_close(self)

    def _fail(self, error: HttpError) -> None:
        self._finish(error)
        self.abort()

    def _finish(self, outcome: HttpResponse | HttpError) -> None:
        """Tell whoever waits; by value, as an exception that nobody comes for is a complaint."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(outcome)

    def _await_piece(self, now: float) -> None:
        self._deadline = min(now + self._read_timeout, self._answer_by)
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and self._deadline < inf:
            self._timer = self._loop.call_at(self._deadline, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._on_time)
        else:
            self._fail(ReadTimeoutError("nothing came, or not the whole answer, for too long"))
