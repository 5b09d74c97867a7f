"""Each request sent once: aiohttp's own resending is off. It is seen when each one leaves.

aiohttp sends a PUT again when a connection breaks: a second retry layer, without a token, in which
an update that was applied can end as refused. There is no public switch for it.
"""

from typing import Any

import aiohttp
from aiobotocore.httpsession import AIOHTTPSession

from batcher.aws.departure import TRACING, watch_departures


class OneAttemptSession(AIOHTTPSession):  # type: ignore[misc] # no stubs
    """An HTTP session of aiobotocore that sends each request once."""

    async def _get_session(self, proxy_url: str | None) -> Any:
        return _prepared(await super()._get_session(proxy_url))


async def send_once(client: Any) -> None:
    """Make a ready client send each request once, and say when it leaves, from now on."""
    http = client._endpoint.http_session  # noqa: SLF001 # no public way to it
    if isinstance(http, AIOHTTPSession):
        proxy = http._proxy_config.proxy_url_for(client.meta.endpoint_url)  # noqa: SLF001 # as above
        _prepared(await http._get_session(proxy))  # noqa: SLF001 # made with the first request else
    watch_departures(client)


def _prepared(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    session._retry_connection = False  # noqa: SLF001 # no public switch
    if TRACING not in session.trace_configs:
        session.trace_configs.append(TRACING)
    return session
