"""Whatever botocore brings or raises is one Attempt, and its message shows nothing sensitive."""

import errno
import socket
from datetime import UTC, datetime

import aiohttp
import botocore.exceptions as sdk
import msgspec
import pytest
from aiohttp.client_reqrep import ConnectionKey

from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.attempts import (
    ASKED_AT_MOST,
    attempt_of_answer,
    attempt_of_error,
    attempt_without_answer,
    retry_after,
)
from batcher.aws.departure import UnsafeCredentialsError
from batcher.operations import UPDATE_TRIGGER
from batcher.records import Attempt
from batcher.updates.aws_messages import AwsMessages
from tests.quoting_forms import FORMS

ID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
URL = "http://127.0.0.1:1"
KEY = ConnectionKey("127.0.0.1", 1, False, True, None, None, None)
REFUSED = aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "refused"))


def attempt_of(error: Exception, *, left: bool = True) -> Attempt:
    return attempt_of_error(
        error,
        0.5,
        AwsMessages(),
        NOW,
        operation=UPDATE_TRIGGER,
        left=left,
    )


def answered(
    code: str | None, message: str, status: int, operation: str = UPDATE_TRIGGER, **headers: str
) -> sdk.ClientError:
    said = {"Message": message} | ({} if code is None else {"Code": code})
    metadata = {"HTTPStatusCode": status, "RequestId": ID, "HTTPHeaders": headers}
    return sdk.ClientError({"Error": said, "ResponseMetadata": metadata}, operation)


@pytest.mark.parametrize(
    ("error", "reached", "code", "verdict"),
    [
        # no connection came about, whoever saw it leave
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


@pytest.mark.parametrize(
    "error",
    [
        answered("ThrottlingException", "Rate exceeded", 400, operation="AssumeRole"),
        answered("InternalFailure", "", 500, operation="AssumeRoleWithWebIdentity"),
        answered("429", "", 429, operation="GetRoleCredentials"),
        sdk.ReadTimeoutError(endpoint_url="https://sts.eu-west-1.amazonaws.com"),
        sdk.ConnectionClosedError(endpoint_url="https://sts.eu-west-1.amazonaws.com"),
        sdk.MetadataRetrievalError(error_msg="no answer"),
        ConnectionResetError("reset"),
        OSError(errno.EMFILE, "Too many open files"),
        MemoryError(),
        RuntimeError("can't start new thread"),
        KeyError("AccessKeyId"),
    ],
    ids=repr,
)
def test_what_is_raised_before_it_left_is_no_answer_and_teaches_nothing(error: Exception) -> None:
    attempt = attempt_of(error, left=False)
    assert (attempt.reached, attempt.http_status, attempt.retry_after) == ("unsent", None, None)
    assert judge(attempt) is Verdict.UNSENT
    assert attempt.message


@pytest.mark.parametrize(
    "error",
    [
        sdk.NoCredentialsError(),
        sdk.CredentialRetrievalError(provider="sso", error_msg="expired"),
        sdk.UnauthorizedSSOTokenError(),
        sdk.LoginRefreshRequired(),
        sdk.RefreshWithMFAUnsupportedError(),
        answered("AccessDenied", "not authorized", 403, operation="AssumeRole"),
        answered("ExpiredTokenException", "", 400, operation="AssumeRoleWithWebIdentity"),
        UnsafeCredentialsError("token"),
        RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired"),
    ],
    ids=repr,
)
def test_who_gets_no_credentials_fetches_them_anew_and_blames_no_update(error: Exception) -> None:
    attempt = attempt_of(error, left=False)
    assert (attempt.reached, attempt.code) == ("unsent", "NoCredentials")
    assert judge(attempt) is Verdict.CREDENTIALS


def test_a_refusal_of_the_operation_itself_counts_also_where_nobody_saw_it_leave() -> None:
    attempt = attempt_of(answered("AccessDeniedException", "no", 403), left=False)
    assert (attempt.reached, judge(attempt)) == ("answered", Verdict.DENIED)


def test_what_a_proxy_answers_in_place_of_aws_never_left() -> None:
    attempt = attempt_of(answered(None, "", 407))
    assert (attempt.reached, judge(attempt)) == ("unsent", Verdict.UNSENT)
    assert "HTTPS_PROXY" in attempt.message


@pytest.mark.parametrize(("left", "reached"), [(False, "unsent"), (True, "sent")])
def test_a_call_that_takes_too_long_came_as_far_as_it_was(left: bool, reached: str) -> None:
    assert attempt_without_answer(30.0, left=left).reached == reached


def test_an_answer_is_what_aws_says_of_the_trigger_and_its_metadata_are_apart() -> None:
    metadata = {"HTTPStatusCode": 200, "RequestId": ID}
    attempt = attempt_of_answer({"EventTriggerName": "t", "ResponseMetadata": metadata}, 0.25)
    assert attempt.answer == {"EventTriggerName": "t"}
    assert (attempt.code, attempt.http_status, attempt.request_id) == (None, 200, ID)


@pytest.mark.parametrize(
    ("code", "status", "shown"),
    [("BadRequestException", 400, "BadRequestException"), (None, 503, "503"), ("", 429, "429")],
)
def test_a_refusal_has_awss_code_else_the_http_status(
    code: str | None, status: int, shown: str
) -> None:
    attempt = attempt_of(answered(code, "no: SECRET", status))
    assert (attempt.reached, attempt.code, attempt.http_status) == ("answered", shown, status)
    assert (attempt.message, attempt.request_id) == ("[withheld: 10 characters]", ID)


@pytest.mark.parametrize("form", FORMS)
def test_no_text_of_an_answer_is_kept_that_is_not_known(form: str) -> None:
    """Message, code and request id, and what the SDK has of a proxy or of a broken connection."""
    text = "Vip Kunde " + FORMS[form]("Größter Kunde: 4711")
    refused = attempt_of(answered(text, text, 400))
    refused_with = msgspec.json.encode(refused).decode()
    assert (refused.code, refused.message) == ("UnknownCode", f"[withheld: {len(text)} characters]")
    assert judge(refused) is Verdict.REJECTED
    assert "Kunde" not in refused_with
    metadata = {"HTTPStatusCode": 200, "RequestId": text}
    assert attempt_of_answer({"ResponseMetadata": metadata}, 0.5).request_id is None
    for error in (sdk.HTTPClientError(error=text), OSError(text), ValueError(text)):
        assert "Kunde" not in attempt_of(error).message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"x-amz-retry-after": "1500", "retry-after": "7"}, 1.5),  # milliseconds, and first
        ({"retry-after": "Wed, 01 Jul 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 01 Jul 2026 11:00:00 GMT"}, 0.0),  # in the past
        ({"retry-after": "86400"}, 86400.0),
        ({"retry-after": " 9999999999 "}, 9999999999.0),
        ({"retry-after": "9" * 400}, ASKED_AT_MOST),
        ({"x-amz-retry-after": "9" * 5000}, ASKED_AT_MOST),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 251619393599.0),
        ({"retry-after": "-7"}, 0.0),
        ({"x-amz-retry-after": "-9999999999"}, 0.0),
        ({"retry-after": "Sun, 01 Jan 0001 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 01 Jul 99999 12:00:30 GMT"}, None),
        *(
            ({name: text}, None)
            for name in ("retry-after", "x-amz-retry-after")
            for text in ("soon", "1.5", "1e400", "nan", "inf", "-inf", "0x10", "1_000", "٣", "²")
        ),
    ],
)
def test_what_aws_asks_to_wait_is_read_from_either_header(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, NOW) == seconds
    assert attempt_of(answered("SlowDown", "", 429, **headers)).retry_after == seconds
