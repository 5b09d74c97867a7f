"""What came of a request, as an Attempt: from botocore's answer, or from what it raised.

No other module reads what botocore raises for a call of Customer Profiles. Of messages only what is
known to be harmless is kept here.
"""

import re
import socket
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import botocore.exceptions as sdk

from batcher.aws.answers import UnreadableAnswerError
from batcher.aws.sdk_errors import code_and_message, error_text
from batcher.aws.unsent import NO_PROXY_PASSWORD, Unsent, why_unsent
from batcher.error_codes import CONNECTION_CLOSED, READ_TIMEOUT, REDIRECTED, UNREADABLE_ANSWER
from batcher.errors import RedirectError
from batcher.records import Attempt
from batcher.updates.aws_messages import AwsMessages

ASKED_AT_MOST = 1e12  # seconds; what asks for longer is told as that, as no file holds infinity

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
_REQUEST_ID = re.compile(r"[0-9A-Fa-f-]{8,36}")

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
        request_id=_request_id(metadata),
    )


def attempt_of_error(
    error: Exception,
    seconds: float,
    messages: AwsMessages,
    now: datetime,
    *,
    operation: str,
    left: bool,
) -> Attempt:
    """What came of a request that raised.

    ``messages``: what is kept of its message; ``now``: with a zone.

    ``left``: whether its first byte had. What AWS answers to another operation, inside of the call,
    is no answer to this one.
    """
    if isinstance(error, sdk.ClientError) and (left or error.operation_name == operation):
        return _refused(error.response, seconds, messages, now)
    if not left or isinstance(error, _NEVER_SENT) or _is_refused_connection(error):
        return _unsent(why_unsent(error), seconds)
    match error.kwargs.get("error") if isinstance(error, sdk.HTTPClientError) else error:
        case RedirectError(status=status) as redirect:
            return Attempt(
                reached="answered",
                seconds=seconds,
                code=REDIRECTED,
                message=str(redirect),
                http_status=status,
            )
        case UnreadableAnswerError() as why:
            said = f"no answer to what was asked: {why}"
            return Attempt(reached="sent", seconds=seconds, code=UNREADABLE_ANSWER, message=said)
    code = _code_of_loss(error)
    message = error_text(error, messages)
    return Attempt(reached="sent", seconds=seconds, code=code, message=message)


def attempt_without_answer(seconds: float, *, left: bool) -> Attempt:
    """What came of a request that took too long as a whole."""
    if not left:
        return _unsent(why_unsent(TimeoutError(f"{seconds:.0f} s")), seconds)
    message = f"no complete answer within {seconds:.1f} s"
    return Attempt(reached="sent", seconds=seconds, code=READ_TIMEOUT, message=message)


def _unsent(why: Unsent, seconds: float) -> Attempt:
    return Attempt(reached="unsent", seconds=seconds, code=why.code, message=why.message)


def _code_of_loss(error: Exception) -> str:
    """The code of the error of a request that left and was not answered."""
    if isinstance(error, sdk.EndpointConnectionError):
        return CONNECTION_CLOSED  # aiobotocore has one name for this and for none at all
    if isinstance(error, sdk.BotoCoreError | OSError):
        return type(error).__name__
    return UNREADABLE_ANSWER


def _refused(
    response: Mapping[str, Any], seconds: float, messages: AwsMessages, now: datetime
) -> Attempt:
    code, message = code_and_message(response, messages)
    metadata = response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode")
    if status == 407:  # of the proxy, which let nothing through
        return _unsent(NO_PROXY_PASSWORD, seconds)
    return Attempt(
        reached="answered",
        seconds=seconds,
        code=code,
        message=message,
        http_status=status,
        request_id=_request_id(metadata),
        retry_after=retry_after(metadata.get("HTTPHeaders", {}), now),
    )


def _request_id(metadata: Mapping[str, Any]) -> str | None:
    """The id of a request, where it is one and not any other text."""
    text = str(metadata.get("RequestId"))
    return text if _REQUEST_ID.fullmatch(text) else None


def _is_refused_connection(error: Exception) -> bool:
    """Whether no connection came about, as opposed to one that broke."""
    wrapped = error.kwargs.get("error") if isinstance(error, sdk.EndpointConnectionError) else None
    return isinstance(wrapped, aiohttp.ClientConnectorError | socket.gaierror)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """How many seconds AWS asks to wait, at most ASKED_AT_MOST; None where it asks nothing.

    By ``x-amz-retry-after`` (milliseconds), else ``retry-after`` (seconds, or a date). ``now``:
    with a zone. What is waited is decided in ``retry_policies``.
    """
    try:
        if milliseconds := headers.get("x-amz-retry-after"):
            seconds = _whole_number(milliseconds) / 1000
        elif not (text := headers.get("retry-after")):
            return None
        elif _WHOLE_NUMBER.fullmatch(text.strip()):
            seconds = _whole_number(text)
        else:
            seconds = parsedate_to_datetime(text).timestamp() - now.timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), ASKED_AT_MOST)


def _whole_number(text: str) -> float:
    """Infinity where it has too many digits; ValueError where it is none."""
    if _WHOLE_NUMBER.fullmatch(text.strip()) is None:
        raise ValueError(f"{text!r} is not a whole number")
    return float(text)
