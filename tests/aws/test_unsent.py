"""Each cause that keeps a request here is told by name, where it was, and with what to do."""

import errno
import socket
import ssl

import aiohttp
import botocore.exceptions as sdk
import pytest
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from batcher.aws.departure import UnsafeCredentialsError
from batcher.aws.unsent import why_unsent
from batcher.errors import WrongAccountError

HOST = "https://profile.eu-west-1.amazonaws.com"
KEY = ConnectionKey("profile.eu-west-1.amazonaws.com", 443, True, True, None, None, None)


def connecting(error: OSError) -> sdk.EndpointConnectionError:
    wrapped = aiohttp.ClientConnectorError(KEY, error)
    return sdk.EndpointConnectionError(endpoint_url=f"{HOST}/domains/d?x=1", error=wrapped)


def untrusted() -> sdk.SSLError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    wrapped = aiohttp.ClientConnectorCertificateError(KEY, error)
    wrapped.__cause__ = error
    return sdk.SSLError(endpoint_url=HOST, error=wrapped)


def proxied(status: int) -> sdk.ProxyConnectionError:
    nothing = CIMultiDictProxy(CIMultiDict[str]())
    info = aiohttp.RequestInfo(URL(HOST), "CONNECT", nothing, URL(HOST))
    error = aiohttp.ClientHttpProxyError(info, (), status=status, message="no")
    return sdk.ProxyConnectionError(proxy_url="http://proxy:3128", error=error)


def from_role(error: Exception) -> sdk.CredentialRetrievalError:
    found = sdk.CredentialRetrievalError(provider="arn:aws:iam::1:role/r", error_msg=str(error))
    found.__cause__ = error
    return found


def refusal(code: str, status: int) -> sdk.ClientError:
    found = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return sdk.ClientError(found, "AssumeRole")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (connecting(OSError(errno.EMFILE, "Too many open files")), "TooManyOpenFiles", "ulimit -n"),
        (connecting(OSError(errno.ENFILE, "in system")), "TooManyOpenFiles", "--concurrency"),
        (
            sdk.HTTPClientError(error=RuntimeError("can't start new thread")),
            "TooManyThreads",
            "can't start new thread",
        ),
        (sdk.HTTPClientError(error=MemoryError()), "OutOfMemory", "memory"),
        (connecting(OSError(errno.ENOMEM, "no memory")), "OutOfMemory", "memory"),
        (untrusted(), "SSLError", "self-signed certificate). Where a proxy opens TLS, set AWS_CA_"),
        (sdk.SSLError(endpoint_url=HOST, error=ssl.SSLError(1, "wrong version")), "SSLError", HOST),
        (proxied(407), "ProxyRefused", "a name and a password"),
        (proxied(403), "ProxyRefused", "NO_PROXY"),
        (sdk.ProxyConnectionError(proxy_url="http://u:pw@p"), "ProxyConnectionError", "HTTP_PROXY"),
        (connecting(socket.gaierror(-2, "Name not known")), "EndpointConnectionError", HOST),
        (connecting(ConnectionRefusedError(111, "refused")), "EndpointConnectionError", HOST),
        (sdk.ConnectTimeoutError(endpoint_url=HOST), "ConnectTimeoutError", "--endpoint-url"),
        (UnsafeCredentialsError("token"), "NoCredentials", "token"),
        (refusal("AccessDenied", 403), "NoCredentials", "AssumeRole: AccessDenied"),
        (from_role(refusal("ExpiredToken", 403)), "NoCredentials", "AssumeRole: ExpiredToken"),
        (refusal("Throttling", 400), "CredentialsUnavailable", "AssumeRole: Throttling"),
        (from_role(refusal("InternalFailure", 500)), "CredentialsUnavailable", "InternalFailure"),
        (
            from_role(connecting(ConnectionRefusedError(111, "refused"))),
            "CredentialRetrievalError",
            "no connection",
        ),
        (sdk.MetadataRetrievalError(error_msg="timed out"), "CredentialsUnavailable", "timed out"),
        (sdk.UnauthorizedSSOTokenError(), "NoCredentials", "aws sso login"),
        (sdk.LoginRefreshRequired(), "NoCredentials", "aws login"),
        (FileNotFoundError(2, "No such file"), "NoCredentials", "credential_process"),
        (sdk.ParamValidationError(report="SegmentFilter"), "ParamValidationError", "can't be made"),
        (
            UnicodeEncodeError("utf-8", "\ud800", 0, 1, "no"),
            "ParamValidationError",
            "can't be made",
        ),
        (WrongAccountError("of another account"), "WrongAccount", "of another account."),
        (ZeroDivisionError("odd"), "ZeroDivisionError", "ZeroDivisionError"),
    ],
    ids=repr,
)
def test_a_cause_has_its_row(error: Exception, code: str, words: str) -> None:
    found = why_unsent(error)
    assert found.code == code
    assert words in found.message
    assert found.message.endswith(".")
    assert found.message.isprintable()


def test_where_it_was_to_go_has_no_path_and_no_password() -> None:
    url = "https://user:pw@host:8443/domains/acme?token=1"
    message = why_unsent(sdk.ConnectTimeoutError(endpoint_url=url)).message
    assert "https://host:8443 " in message
    for hidden in ("pw", "acme", "token"):
        assert hidden not in message


def test_what_a_credential_process_printed_is_not_quoted() -> None:
    said = '{"SecretAccessKey": "wJalr"}'
    error = sdk.CredentialRetrievalError(provider="custom-process", error_msg=said)
    assert "wJalr" not in why_unsent(error).message


def test_errors_that_refer_to_each_other_are_read_once() -> None:
    first, second = ValueError("first"), KeyError("second")
    first.__context__, second.__context__ = second, first
    assert why_unsent(first).code == "ValueError"


def test_a_region_without_fips_is_told_with_the_setting_that_asked_for_it() -> None:
    url = "https://profile-fips.eu-west-1.amazonaws.com/"
    error = sdk.EndpointConnectionError(endpoint_url=url, error=socket.gaierror(-2, "unknown"))
    found = why_unsent(error)
    assert found.code == "EndpointConnectionError"
    assert "no address for https://profile-fips.eu-west-1.amazonaws.com" in found.message
    assert "AWS_USE_FIPS_ENDPOINT" in found.message
