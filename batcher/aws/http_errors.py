"""What the lean caller's connections raise, as what the SDK raises for the same.

So there is one table of what a request can fail of: ``attempts`` and ``unsent``.
"""

import socket
import ssl
from typing import Any

import aiohttp
import botocore.exceptions as sdk
from aiohttp.client_reqrep import ConnectionKey
from botocore.httpsession import mask_proxy_url
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from batcher.aws.answers import UnreadableAnswerError
from batcher.http.errors import (
    BadResponseError,
    ConnectError,
    ConnectionLostError,
    ConnectTimeoutError,
    HttpError,
    ProxyRefusedError,
    ReadTimeoutError,
    TooLongError,
)
from batcher.http.response_body import BODY_AT_MOST


def sdk_error(error: HttpError, url: str, proxy_url: str | None) -> sdk.HTTPClientError:
    """The SDK's error; ``proxy_url``: of the proxy that there is, or None."""
    match error:
        case ConnectTimeoutError():
            return sdk.ConnectTimeoutError(endpoint_url=url, error=error)
        case ProxyRefusedError(status=status):
            refused = aiohttp.ClientHttpProxyError(_request_info(url), (), status=status)
            return _proxy_error(refused, proxy_url)
        case ConnectError(at_proxy=at_proxy):
            return _connect_error(error, url, proxy_url if at_proxy else None)
        case ConnectionLostError():
            return sdk.ConnectionClosedError(error=error, request=None, endpoint_url=url)
        case ReadTimeoutError():
            return sdk.ReadTimeoutError(endpoint_url=url, error=error)
        case TooLongError():
            why = UnreadableAnswerError(f"it has more than {BODY_AT_MOST:,} bytes")
            return sdk.HTTPClientError(error=why)
        case BadResponseError():
            unreadable = aiohttp.ClientResponseError(_request_info(url), ())
            return sdk.HTTPClientError(error=unreadable)
    return sdk.HTTPClientError(error=error)


def _connect_error(error: ConnectError, url: str, proxy_url: str | None) -> sdk.HTTPClientError:
    cause = error.__cause__ or error
    if proxy_url is not None:
        return _proxy_error(cause, proxy_url)
    if isinstance(cause, ssl.SSLError):
        return sdk.SSLError(endpoint_url=url, error=cause)
    if isinstance(cause, socket.gaierror):
        return sdk.EndpointConnectionError(endpoint_url=url, error=cause)
    if isinstance(cause, OSError):
        found = aiohttp.ClientConnectorError(_connection_key(url), cause)
        found.__cause__ = cause
        return sdk.EndpointConnectionError(endpoint_url=url, error=found)
    return sdk.HTTPClientError(error=cause)


def _proxy_error(cause: BaseException, proxy_url: str | None) -> sdk.HTTPClientError:
    return sdk.ProxyConnectionError(proxy_url=mask_proxy_url(proxy_url or ""), error=cause)


def _connection_key(url: str) -> ConnectionKey:
    place = URL(url, encoded=True)
    return ConnectionKey(
        place.raw_host or "", place.port, place.scheme == "https", True, None, None, None
    )


def _request_info(url: str) -> Any:
    place = URL(url, encoded=True)
    return aiohttp.RequestInfo(place, "CONNECT", CIMultiDictProxy(CIMultiDict()), place)
