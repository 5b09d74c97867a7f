"""What came of a request, as an Attempt: from botocore's answer, or from what it raised.

No other module reads what botocore raises for a call of Customer Profiles. Messages are redacted
here.
"""

import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import aiohttp
import botocore.exceptions as sdk

from batcher.aws.credentials import NO_CREDENTIALS_ERRORS
from batcher.error_codes import (
    CONNECTION_CLOSED,
    NO_CREDENTIALS,
    UNREADABLE_ANSWER,
    WRONG_ACCOUNT,
)
from batcher.errors import WrongAccountError
from batcher.records import Attempt, Reached

RETRY_AFTER_AT_MOST = 300.0  # seconds; a wrong header must not put an update to sleep for days

Redact: TypeAlias = Callable[[str, Mapping[str, Any]], str]
"""A message without what the sensitive members of that request hold."""

_NEVER_SENT = (
    sdk.EndpointConnectionError,
    sdk.ConnectTimeoutError,
    sdk.ProxyConnectionError,
    sdk.SSLError,
    sdk.ParamValidationError,
)


def attempt_of_answer(answer: dict[str, Any], seconds: float) -> Attempt:
    """What came of a request that AWS accepted; takes the metadata out of the answer."""
    metadata = answer.pop("ResponseMetadata", {})
    return Attempt(
        reached="answered",
        seconds=seconds,
        answer=answer,
        http_status=metadata.get("HTTPStatusCode"),
        request_id=metadata.get("RequestId"),
    )


def attempt_of_error(
    error: Exception, seconds: float, redact: Callable[[str], str], now: datetime
) -> Attempt:
    """What came of a request that raised. ``redact``: for its message; ``now``: with a zone."""
    if isinstance(error, sdk.ClientError):
        return _refused(error.response, seconds, redact, now)
    reached, code = _reached(error)
    # the text of what botocore chokes on may quote the body, of which nobody knows the shape
    message = type(error).__name__ if code == UNREADABLE_ANSWER else redact(str(error))
    return Attempt(reached=reached, seconds=seconds, code=code, message=message)


def _reached(error: Exception) -> tuple[Reached, str]:
    """How far a request came that was not answered, and the code of its error."""
    if isinstance(error, WrongAccountError):
        return "unsent", WRONG_ACCOUNT
    if isinstance(error, NO_CREDENTIALS_ERRORS):
        return "unsent", NO_CREDENTIALS
    if isinstance(error, sdk.EndpointConnectionError) and not _is_refused_connection(error):
        return "sent", CONNECTION_CLOSED  # aiobotocore has one name for both
    if isinstance(error, _NEVER_SENT):
        return "unsent", type(error).__name__
    if isinstance(error, sdk.BotoCoreError | OSError):
        return "sent", type(error).__name__
    return "sent", UNREADABLE_ANSWER


def _refused(
    response: Mapping[str, Any], seconds: float, redact: Callable[[str], str], now: datetime
) -> Attempt:
    said, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode")
    return Attempt(
        reached="answered",
        seconds=seconds,
        code=str(said.get("Code") or status or "Unknown"),
        message=redact(str(said.get("Message") or response.get("Message") or "")),
        http_status=status,
        request_id=metadata.get("RequestId"),
        retry_after=retry_after(metadata.get("HTTPHeaders", {}), now),
    )


def _is_refused_connection(error: sdk.EndpointConnectionError) -> bool:
    """Whether no connection came about, as opposed to one that broke."""
    return isinstance(error.kwargs.get("error"), aiohttp.ClientConnectorError | socket.gaierror)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """How many seconds AWS asks to wait, at most RETRY_AFTER_AT_MOST; None where it asks nothing.

    By ``x-amz-retry-after`` (milliseconds), else ``retry-after`` (seconds, or a date). ``now``:
    with a zone.
    """
    try:
        if milliseconds := headers.get("x-amz-retry-after"):
            seconds = int(milliseconds) / 1000
        elif not (text := headers.get("retry-after")):
            return None
        elif text.strip().isdigit():
            seconds = float(text)
        else:
            seconds = parsedate_to_datetime(text).timestamp() - now.timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), RETRY_AFTER_AT_MOST)
