"""What a connection raises is told in the SDK's words, so that one table says what it means."""

import socket
import ssl
from datetime import UTC, datetime

import pytest

from batcher.aws.attempts import attempt_of_error
from batcher.aws.http_errors import sdk_error
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
from batcher.operations import UPDATE_TRIGGER
from batcher.updates.aws_messages import AwsMessages

URL = "https://profile.eu-west-1.amazonaws.com/domains/a"


def connecting(cause: Exception | None, *, at_proxy: bool = False) -> ConnectError:
    error = ConnectError("no connection came about", at_proxy=at_proxy)
    error.__cause__ = cause
    return error


REFUSED = ConnectionRefusedError(111, "Connect call failed ('10.0.0.1', 443)")


@pytest.mark.parametrize(
    ("error", "left", "reached", "code", "words"),
    [
        (connecting(REFUSED), False, "unsent", "EndpointConnectionError", "Connect call failed"),
        (
            connecting(socket.gaierror(-2, "Name or service not known")),
            False,
            "unsent",
            "EndpointConnectionError",
            "there is no address for https://profile.eu-west-1.amazonaws.com (Name or",
        ),
        (connecting(ssl.SSLError("bad")), False, "unsent", "SSLError", "TLS with https://profile"),
        (connecting(OSError(24, "Too many")), False, "unsent", "TooManyOpenFiles", "ulimit -n"),
        (connecting(MemoryError()), False, "unsent", "OutOfMemory", "no memory left"),
        (
            connecting(RuntimeError("can't start new thread")),
            False,
            "unsent",
            "TooManyThreads",
            "no more threads",
        ),
        (connecting(None), False, "unsent", "HTTPClientError", "the request can't be sent"),
        (ConnectTimeoutError("5 s"), False, "unsent", "ConnectTimeoutError", "no connection to"),
        (
            connecting(REFUSED, at_proxy=True),
            False,
            "unsent",
            "ProxyConnectionError",
            "Check HTTPS_PROXY",
        ),
        (ProxyRefusedError(407, "Basic"), False, "unsent", "ProxyRefused", "wants a name and a"),
        (ProxyRefusedError(403, None), False, "unsent", "ProxyRefused", "does not connect to"),
        (ConnectionLostError("eof"), True, "sent", "ConnectionClosedError", "was closed before"),
        (ReadTimeoutError("5 s"), True, "sent", "ReadTimeoutError", "Read timeout"),
        (BadResponseError("odd"), True, "sent", "HTTPClientError", "ClientResponseError"),
        (TooLongError("odd"), True, "sent", "UnreadableAnswer", "more than 1,048,576 bytes"),
        (HttpError("new"), True, "sent", "HTTPClientError", "HttpError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_it_means_what_it_means_of_the_sdk(
    error: HttpError, left: bool, reached: str, code: str, words: str
) -> None:
    proxy = "http://me:SECRET@proxy:3128"
    attempt = attempt_of_error(
        sdk_error(error, URL, proxy),
        1.0,
        AwsMessages(),
        datetime.now(UTC),
        operation=UPDATE_TRIGGER,
        left=left,
    )
    assert (attempt.reached, attempt.code) == (reached, code)
    assert words in attempt.message
    assert "SECRET" not in attempt.message
