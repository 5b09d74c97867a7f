"""Whatever botocore brings or raises is one Attempt, and its message shows nothing sensitive."""

import socket
from datetime import UTC, datetime

import aiohttp
import botocore.exceptions as sdk
import pytest
from aiohttp.client_reqrep import ConnectionKey

from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.attempts import (
    RETRY_AFTER_AT_MOST,
    attempt_of_answer,
    attempt_of_error,
    retry_after,
)
from batcher.records import Attempt

NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
URL = "http://127.0.0.1:1"
KEY = ConnectionKey("127.0.0.1", 1, False, True, None, None, None)
REFUSED = aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "refused"))


def attempt_of(error: Exception) -> Attempt:
    return attempt_of_error(error, 0.5, lambda text: text.replace("SECRET", "[hidden]"), NOW)


def answered(code: str | None, message: str, status: int, **headers: str) -> sdk.ClientError:
    said = {"Message": message} | ({} if code is None else {"Code": code})
    metadata = {"HTTPStatusCode": status, "RequestId": "r1", "HTTPHeaders": headers}
    return sdk.ClientError({"Error": said, "ResponseMetadata": metadata}, "UpdateEventTrigger")


@pytest.mark.parametrize(
    ("error", "reached", "code", "verdict"),
    [
        # it never left
        (sdk.NoCredentialsError(), "unsent", "NoCredentials", Verdict.CREDENTIALS),
        (
            sdk.CredentialRetrievalError(provider="sso", error_msg="expired"),
            "unsent",
            "NoCredentials",
            Verdict.CREDENTIALS,
        ),
        (
            sdk.EndpointConnectionError(endpoint_url=URL, error=REFUSED),
            "unsent",
            "EndpointConnectionError",
            Verdict.UNSENT,
        ),
        (
            sdk.EndpointConnectionError(endpoint_url=URL, error=socket.gaierror(-2, "no name")),
            "unsent",
            "EndpointConnectionError",
            Verdict.UNSENT,
        ),
        (
            sdk.ConnectTimeoutError(endpoint_url=URL),
            "unsent",
            "ConnectTimeoutError",
            Verdict.UNSENT,
        ),
        (
            sdk.ParamValidationError(report="SegmentFilter"),
            "unsent",
            "ParamValidationError",
            Verdict.REJECTED,
        ),
        # it may have left
        (
            sdk.EndpointConnectionError(endpoint_url=URL, error=aiohttp.ServerDisconnectedError()),
            "sent",
            "ConnectionClosedError",
            Verdict.LOST,
        ),
        (sdk.ReadTimeoutError(endpoint_url=URL), "sent", "ReadTimeoutError", Verdict.LOST),
        (ConnectionResetError("reset"), "sent", "ConnectionResetError", Verdict.LOST),
        (KeyError("body"), "sent", "UnreadableAnswer", Verdict.LOST),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_an_error_on_the_way_says_how_far_the_request_came(
    error: Exception, reached: str, code: str, verdict: Verdict
) -> None:
    attempt = attempt_of(error)
    assert (attempt.reached, attempt.code, attempt.seconds) == (reached, code, 0.5)
    assert judge(attempt) is verdict


def test_an_answer_is_what_aws_says_of_the_trigger_and_its_metadata_are_apart() -> None:
    metadata = {"HTTPStatusCode": 200, "RequestId": "r1"}
    attempt = attempt_of_answer({"EventTriggerName": "t", "ResponseMetadata": metadata}, 0.25)
    assert attempt.answer == {"EventTriggerName": "t"}
    assert (attempt.code, attempt.http_status, attempt.request_id) == (None, 200, "r1")


@pytest.mark.parametrize(
    ("code", "status", "shown"),
    [("BadRequestException", 400, "BadRequestException"), (None, 503, "503"), ("", 429, "429")],
)
def test_a_refusal_has_awss_code_else_the_http_status(
    code: str | None, status: int, shown: str
) -> None:
    attempt = attempt_of(answered(code, "no: SECRET", status))
    assert (attempt.reached, attempt.code, attempt.http_status) == ("answered", shown, status)
    assert (attempt.message, attempt.request_id) == ("no: [hidden]", "r1")


def test_messages_are_redacted_and_of_an_unreadable_answer_nothing_is_quoted() -> None:
    assert attempt_of(sdk.HTTPClientError(error="SECRET")).message.endswith("[hidden]")
    assert attempt_of(ValueError("<html>a proxy's page</html>")).message == "ValueError"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"x-amz-retry-after": "1500", "retry-after": "7"}, 1.5),  # milliseconds, and first
        ({"retry-after": "Wed, 01 Jul 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 01 Jul 2026 11:00:00 GMT"}, 0.0),  # in the past
        ({"retry-after": "86400"}, RETRY_AFTER_AT_MOST),
        ({"retry-after": "soon"}, None),
        ({"x-amz-retry-after": "1.5"}, None),
    ],
)
def test_what_aws_asks_to_wait_is_read_from_either_header(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, NOW) == seconds
    assert attempt_of(answered("SlowDown", "", 429, **headers)).retry_after == seconds
