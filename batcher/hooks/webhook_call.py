"""A hook that is a webhook: one POST, no redirect followed, the certificate checked.

It takes the proxy that calls of AWS take: of HTTPS_PROXY, HTTP_PROXY and NO_PROXY. No word of its
answer but the status is used.
"""

import aiohttp

from batcher.aws.endpoints import environment_proxy
from batcher.hooks.cloud_event import CONTENT_TYPE
from batcher.version import __version__

_AS_LONG = aiohttp.ClientTimeout(total=None)  # as its caller waits; by default it is 300 s


async def call_webhook(url: str, body: bytes) -> str | None:
    """Post ``body``; why that failed, in words without the URL, or None for a status of 2xx."""
    try:
        status = await _post(url, body)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return f"it can't be reached ({_kind(error)})"
    return None if 200 <= status < 300 else f"status {status}{_more(status)}"


async def _post(url: str, body: bytes) -> int:
    headers = {"Content-Type": CONTENT_TYPE, "User-Agent": f"batcher/{__version__}"}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=_AS_LONG) as session,
        session.post(
            url, data=body, headers=headers, allow_redirects=False, proxy=environment_proxy(url)
        ) as answer,
    ):
        return answer.status


def _kind(error: Exception) -> str:
    """What kind of error it is: its text has the address in it."""
    why = error.os_error.strerror if isinstance(error, aiohttp.ClientConnectorError) else None
    return f"{type(error).__name__}: {why}" if why else type(error).__name__


def _more(status: int) -> str:
    return "; no redirect is followed" if 300 <= status < 400 else ""
