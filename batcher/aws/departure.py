"""The moment at which the first byte of a request leaves: what fails before it is no answer of AWS.

Inside of one call, botocore renews credentials, looks up names, connects and agrees on TLS; what is
raised for one of these looks like an answer to the operation.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp
import anyio
from aiobotocore.httpsession import AIOHTTPSession
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import HTTPClientError

PREPARE_WITHIN = (
    120.0  # seconds to renew credentials and connect; also what a process asks a person
)

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # not the tab, which a header may hold


class UnsafeCredentialsError(Exception):
    """A part of the credentials has a character that no header can hold; names the part."""


class Departure:
    """One call on its way out.

    ``left``: whether its first byte has, or may have; ``is_over``: its time is, as it took longer
    than ``PREPARE_WITHIN`` until then, or than ``answer_within`` (seconds) from then on.
    """

    def __init__(self, answer_within: float) -> None:
        self.left = False
        self.is_over = False
        self.sending = False  # the request in hand is the call's own, and none for credentials
        self.answer_within = answer_within
        self._scope: anyio.CancelScope | None = None

    @contextmanager
    def limited(self) -> Iterator[None]:
        """End what is done in here when its time is over, and say so in ``is_over``."""
        self._scope = anyio.CancelScope(deadline=anyio.current_time() + PREPARE_WITHIN)
        with self._scope:
            yield
        self.is_over = self._scope.cancelled_caught

    def leave(self) -> None:
        self.left = True
        if self._scope is not None:
            self._scope.deadline = anyio.current_time() + self.answer_within


_PRESENT: ContextVar[Departure | None] = ContextVar("departure", default=None)


@contextmanager
def present(departure: Departure) -> Iterator[None]:
    """Have the SDK's call that is made in here watched."""
    token = _PRESENT.set(departure)
    try:
        yield
    finally:
        _PRESENT.reset(token)


def watch_departures(client: Any) -> None:
    """Have a client say of each request when it leaves. Once for a client is enough."""
    service = client.meta.service_model.service_id.hyphenize()
    http = client._endpoint.http_session  # noqa: SLF001 # no public way to it
    # one of another make does not tell when it writes: it may be as soon as it has the request
    handler = _begin_sending if isinstance(http, AIOHTTPSession) else _leave
    event = f"before-send.{service}"
    client.meta.events.register(event, handler, unique_id="batcher-departure")


async def reach(http: AIOHTTPSession, url: str) -> None:
    """Connect as a request to that URL would, proxy and TLS included, and send nothing there."""
    departure = _Arrival(answer_within=PREPARE_WITHIN)
    departure.sending = True
    try:
        with departure.limited(), present(departure):
            await http.send(AWSPreparedRequest("GET", url, {}, None, False))
    except HTTPClientError as error:
        if not isinstance(error.kwargs.get("error"), _Arrived):
            raise
    if not departure.left:
        raise TimeoutError("timed out")


class _Arrived(Exception):
    """There is a connection."""


class _Arrival(Departure):
    """A call that is not made: all that is wanted is the connection for it."""

    def leave(self) -> None:
        self.left = True
        raise _Arrived


def _begin_sending(**_: Any) -> None:
    if (departure := _PRESENT.get()) is not None:
        departure.sending = True


def _leave(**_: Any) -> None:
    if (departure := _PRESENT.get()) is not None:
        departure.leave()


async def _on_headers(
    _: aiohttp.ClientSession, __: Any, sent: aiohttp.TraceRequestHeadersSentParams
) -> None:
    departure = _PRESENT.get()
    if departure is None or not departure.sending or sent.method == "CONNECT":
        return
    for name, value in sent.headers.items():
        if _CONTROL.search(value):
            raise UnsafeCredentialsError(f"header {name}")  # the rest is made without
    departure.leave()


def _tracing() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(_on_headers)
    config.freeze()
    return config


TRACING = _tracing()
"""For sessions of aiohttp: sees each request just before its first byte is written."""
