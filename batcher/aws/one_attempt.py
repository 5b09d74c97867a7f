"""Each request sent once, to the host that it is meant for, and its answer read within bounds.

aiohttp sends a PUT again when a connection breaks: a second retry layer, without a token, in which
an update that was applied can end as refused. It also sends what a redirect is answered to, body,
signature and session token, to the host that the answer names; and it reads an answer to its end,
however long that is. There are no public switches for it in what the SDK makes of aiohttp. It is
seen here, too, when each request leaves.
"""

import os
from functools import partial
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import hdrs
from botocore.httpsession import get_cert_path
from multidict import CIMultiDict, CIMultiDictProxy

from batcher.aws.answers import UnreadableAnswerError
from batcher.aws.departure import TRACING, watch_departures
from batcher.aws.tls_contexts import TrustedFiles
from batcher.http.response_body import BODY_AT_MOST
from batcher.version import __version__

ANSWER_AT_MOST = BODY_AT_MOST
_LEADS_ELSEWHERE = (hdrs.LOCATION, hdrs.URI)
_TRUSTED = TrustedFiles()
os.register_at_fork(after_in_child=_TRUSTED.let_go)


class OneAttemptSession(AIOHTTPSession):  # type: ignore[misc] # no stubs
    """An HTTP session of aiobotocore that sends each request once and follows no redirect.

    ``answer_at_most``: bytes of an answer that is not read as a stream.
    """

    answer_at_most = ANSWER_AT_MOST

    async def _get_session(self, proxy_url: str | None) -> Any:
        return _prepared(await super()._get_session(proxy_url), self.answer_at_most)

    def _build_ssl_contexts(self, proxy_url: str | None) -> Any:
        """For hosts, and for a proxy; what is of no session alone is shared by all."""
        if proxy_url or self._cert_file or not self._verify:
            return super()._build_ssl_contexts(proxy_url)
        path = str(get_cert_path(self._verify))
        return _TRUSTED.context(path, self._build_verify_context), None


def client_config(
    timeouts: tuple[float, float], *, connections: int, attempts: int = 1, **more: Any
) -> AioConfig:
    """The settings of a client of our own that sends each attempt once.

    ``timeouts``: to connect, and of each read, in seconds; ``attempts`` of each call;
    ``connections`` at once; ``more``: as AioConfig has it.
    """
    connect_timeout, read_timeout = timeouts
    return AioConfig(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": attempts},
        http_session_cls=OneAttemptSession,
        # a fixed one: botocore composes its own anew for every request
        user_agent=f"batcher/{__version__}",
        **more,
    )


async def send_once(client: Any) -> None:
    """Make a ready client send each request once, say when, and follow no redirect, from now on."""
    http = client._endpoint.http_session  # noqa: SLF001 # no public way to it
    if isinstance(http, AIOHTTPSession):
        proxy = http._proxy_config.proxy_url_for(client.meta.endpoint_url)  # noqa: SLF001 # as above
        session = await http._get_session(proxy)  # noqa: SLF001 # made with the first request else
        _prepared(session, ANSWER_AT_MOST)
    watch_departures(client)


def _prepared(session: aiohttp.ClientSession, answer_at_most: int) -> aiohttp.ClientSession:
    session._retry_connection = False  # noqa: SLF001 # no public switch
    bounded: Any = partial(_Response, answer_at_most)
    session._response_class = bounded  # noqa: SLF001 # as above
    if TRACING not in session.trace_configs:
        session.trace_configs.append(TRACING)
    return session


class _Response(aiohttp.ClientResponse):
    """An answer that leads nowhere else, and of which no more is read than it may have."""

    def __init__(self, at_most: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at_most = at_most
        self.tls: Any = None  # the ssl.SSLObject that it came over; None: without TLS

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        self.tls = connection.transport and connection.transport.get_extra_info("ssl_object")
        return await super().start(connection)

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """Where aiohttp looks for where to go on; the SDK reads the headers as they came."""
        headers = CIMultiDict(self._headers or {})
        for name in _LEADS_ELSEWHERE:
            headers.popall(name, None)
        return CIMultiDictProxy(headers)

    async def read(self) -> bytes:
        if self._body is None:
            try:
                self._body = await self._read_bounded()
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _read_bounded(self) -> bytes:
        body = bytearray()
        async for chunk in self.content.iter_any():
            body += chunk
            if len(body) > self._at_most:
                raise UnreadableAnswerError(f"it has more than {self._at_most:,} bytes")
        return bytes(body)
