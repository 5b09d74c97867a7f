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

from batcher.aws.unsent import NO_PROXY_PASSWORD, Unsent, why_unsent
from batcher.error_codes import CONNECTION_CLOSED, READ_TIMEOUT, UNREADABLE_ANSWER
from batcher.records import Attempt

RETRY_AFTER_AT_MOST = 300.0  # seconds; a wrong header must not put an update to sleep for days

Redact: TypeAlias = Callable[[str, Mapping[str, Any]], str]
"""A message without what the sensitive members of that request hold."""

# also where nobody saw whether the first byte left: in a ready client of another make
_NEVER_SENT = (
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
    error: Exception,
    seconds: float,
    redact: Callable[[str], str],
    now: datetime,
    *,
    operation: str,
    left: bool,
) -> Attempt:
    """What came of a request that raised. ``redact``: for its message; ``now``: with a zone.

    ``left``: whether its first byte had. What AWS answers to another operation, inside of the call,
    is no answer to this one.
    """
    if isinstance(error, sdk.ClientError) and (left or error.operation_name == operation):
        return _refused(error.response, seconds, redact, now)
    if not left or isinstance(error, _NEVER_SENT) or _is_refused_connection(error):
        return _unsent(why_unsent(error), seconds, redact)
    code = _code_of_loss(error)
    # the text of what botocore chokes on may quote the body, of which nobody knows the shape
    message = type(error).__name__ if code == UNREADABLE_ANSWER else redact(str(error))
    return Attempt(reached="sent", seconds=seconds, code=code, message=message)


def attempt_without_answer(seconds: float, *, left: bool) -> Attempt:
    """What came of a request that took too long as a whole."""
    if not left:
        return _unsent(why_unsent(TimeoutError(f"{seconds:.0f} s")), seconds, str)
    message = f"no complete answer within {seconds:.1f} s"
    return Attempt(reached="sent", seconds=seconds, code=READ_TIMEOUT, message=message)


def _unsent(why: Unsent, seconds: float, redact: Callable[[str], str]) -> Attempt:
    return Attempt(reached="unsent", seconds=seconds, code=why.code, message=redact(why.message))


def _code_of_loss(error: Exception) -> str:
    """The code of the error of a request that left and was not answered."""
    if isinstance(error, sdk.EndpointConnectionError):
        return CONNECTION_CLOSED  # aiobotocore has one name for this and for none at all
    if isinstance(error, sdk.BotoCoreError | OSError):
        return type(error).__name__
    return UNREADABLE_ANSWER


def _refused(
    response: Mapping[str, Any], seconds: float, redact: Callable[[str], str], now: datetime
) -> Attempt:
    said, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode")
    if status == 407:  # of the proxy, which let nothing through
        return _unsent(NO_PROXY_PASSWORD, seconds, redact)
    return Attempt(
        reached="answered",
        seconds=seconds,
        code=str(said.get("Code") or status or "Unknown"),
        message=redact(str(said.get("Message") or response.get("Message") or "")),
        http_status=status,
        request_id=metadata.get("RequestId"),
        retry_after=retry_after(metadata.get("HTTPHeaders", {}), now),
    )


def _is_refused_connection(error: Exception) -> bool:
    """Whether no connection came about, as opposed to one that broke."""
    wrapped = error.kwargs.get("error") if isinstance(error, sdk.EndpointConnectionError) else None
    return isinstance(wrapped, aiohttp.ClientConnectorError | socket.gaierror)


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
