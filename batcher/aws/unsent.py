"""Why a request could not leave this machine, and what to do about it: one table, a row a cause.

Nothing here is an answer to the request, also where AWS said it: to whoever asked it for
credentials.
"""

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import botocore.exceptions as sdk

from batcher.accounting.verdicts import BY_CODE, known_code
from batcher.aws.credentials import NO_CREDENTIALS_ERRORS
from batcher.aws.departure import UnsafeCredentialsError
from batcher.aws.sdk_errors import ShownText, error_text
from batcher.error_codes import (
    CREDENTIALS_UNAVAILABLE,
    NO_CREDENTIALS,
    NOT_SENDABLE,
    OUT_OF_MEMORY,
    PROXY_REFUSED,
    TOO_MANY_OPEN_FILES,
    TOO_MANY_THREADS,
    WRONG_ACCOUNT,
)
from batcher.errors import CredentialsError, WrongAccountError, is_out_of_threads
from batcher.foreign_text import printable, shown_url

PROXY_AUTHENTICATION_REQUIRED = 407  # HTTP status


class Unsent(NamedTuple):
    """A code of ours, or the name of botocore's error, and a sentence for whoever can mend it."""

    code: str
    message: str


NO_PROXY_PASSWORD = Unsent(
    PROXY_REFUSED,
    "the proxy wants a name and a password (407). Put them into the URL in HTTPS_PROXY, or name"
    " AWS's host in NO_PROXY.",
)


def why_unsent(error: BaseException) -> Unsent:
    """Why what was raised before a request left was raised, by the first row that fits."""
    links = list(_chain(error))
    for fits, code, sentence in _CAUSES:
        for link in reversed(links):  # the innermost says most
            if fits(link):
                said = sentence.format(_said(link), _at(links))
                return Unsent(code or type(error).__name__, printable(said))
    name = type(error).__name__
    return Unsent(name, printable(f"the request can't be sent ({name}: {_said(links[-1])})."))


def host_limit(error: BaseException) -> BaseException | None:
    """What of an error is that this host has no memory or threads left; None where nothing is."""
    for link in _chain(error):
        if isinstance(link, MemoryError) or is_out_of_threads(link):
            return link
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it wraps, and what it was raised for."""
    found: list[BaseException] = []
    more: list[Any] = [error]
    while more:
        link = more.pop()
        if not isinstance(link, BaseException) or link in found:
            continue
        found.append(link)
        yield link
        context = None if link.__suppress_context__ else link.__context__
        wrapped = link.kwargs.get("error") if isinstance(link, sdk.BotoCoreError) else None
        more += [context, link.__cause__, wrapped]


def _said(link: BaseException) -> str:
    """What an error says, as far as it can't quote what nobody should see."""
    match link:
        case sdk.ClientError():
            status = link.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            code = known_code(link.response.get("Error", {}).get("Code"), status)
            return f"{link.operation_name}: {code}"
        case sdk.CredentialRetrievalError() if link.kwargs.get("provider") == "custom-process":
            said = link.kwargs.get("error_msg")  # what it printed may hold anything
            return said.rstrip(".") if isinstance(said, ShownText) else "credential_process failed"
        case ssl.SSLCertVerificationError() if said := getattr(link, "verify_message", None):
            return str(said)
        case sdk.BotoCoreError() if "endpoint_url" in link.kwargs:
            return type(link).__name__  # a URL may hold anything
        case OSError() if link.strerror:
            return str(link.strerror)
        case UnsafeCredentialsError() | RuntimeError() | UnicodeError() | TimeoutError():
            return str(link).rstrip(".") or type(link).__name__  # of Python's, or of our own
    return error_text(link).rstrip(".")


def _at(links: list[BaseException]) -> str:
    """Where the request, or the one for its credentials, was to go."""
    for link in links:
        if isinstance(link, sdk.BotoCoreError) and (url := link.kwargs.get("endpoint_url")):
            place = urlsplit(shown_url(str(url)))
            return f"{place.scheme}://{place.netloc}"
    return "AWS"


Fits: TypeAlias = Callable[[BaseException], bool]


def _is(*kinds: type[BaseException]) -> Fits:
    return lambda link: isinstance(link, kinds)


def _says(*numbers: int) -> Fits:
    return lambda link: isinstance(link, OSError) and link.errno in numbers


def _wants_proxy_password(link: BaseException) -> bool:
    return (
        isinstance(link, aiohttp.ClientHttpProxyError)
        and link.status == PROXY_AUTHENTICATION_REQUIRED
    )


def _has_no_fips_address(link: BaseException) -> bool:
    url = str(link.kwargs.get("endpoint_url")) if isinstance(link, sdk.BotoCoreError) else ""
    return "-fips." in url and any(isinstance(each, socket.gaierror) for each in _chain(link))


def _may_be_answered_later(link: BaseException) -> bool:
    """Whether AWS gave no credentials for now: a throttle, or a fault of its own."""
    if not isinstance(link, sdk.ClientError):
        return False
    verdict = BY_CODE.get(str(link.response.get("Error", {}).get("Code")))
    status = link.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
    return status == 429 or status >= 500 or (verdict is not None and verdict.retryable)


def _is_stale_renewal(link: BaseException) -> bool:
    return isinstance(link, RuntimeError) and "credentials" in str(link)


_LOG_IN = " Log in (aws sso login, aws login), or give another --profile."
_REACH = " Check the network, --region and --endpoint-url."

_CAUSES: list[tuple[Fits, str | None, str]] = [
    (_is(WrongAccountError), WRONG_ACCOUNT, "{0}."),
    (_is(CredentialsError), NO_CREDENTIALS, "{0}."),
    (
        _says(errno.EMFILE, errno.ENFILE),
        TOO_MANY_OPEN_FILES,
        "too many open files: this process may open no more ({0}). Raise the limit (ulimit -n), or"
        " lower --concurrency.",
    ),
    (
        is_out_of_threads,
        TOO_MANY_THREADS,
        "{0}: this host, or a limit of it (ulimit -u, a pids limit), allows no more threads. Raise"
        " it.",
    ),
    (
        lambda link: isinstance(link, MemoryError) or _says(errno.ENOMEM, errno.ENOBUFS)(link),
        OUT_OF_MEMORY,
        "there is no memory left for the request. Free some, or lower --concurrency.",
    ),
    (
        _is(ssl.SSLCertVerificationError),
        "SSLError",
        "the certificate of {1} is not trusted ({0}). Where a proxy opens TLS, set AWS_CA_BUNDLE to"
        " the file with its certificate.",
    ),
    (_wants_proxy_password, *NO_PROXY_PASSWORD),
    (
        _is(aiohttp.ClientHttpProxyError),
        PROXY_REFUSED,
        "the proxy does not connect to {1}. Ask whoever runs it to let that host through, or name"
        " it in NO_PROXY.",
    ),
    (
        _is(sdk.ProxyConnectionError, sdk.InvalidProxiesConfigError),
        "ProxyConnectionError",
        "the proxy can't be connected to. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
    ),
    (
        _is(ssl.SSLError, sdk.SSLError),
        "SSLError",
        "TLS with {1} can't be agreed on ({0})." + _REACH,
    ),
    (
        _has_no_fips_address,
        None,
        "there is no address for {1}: AWS has no FIPS endpoint there, or it can't be looked up."
        " Leave AWS_USE_FIPS_ENDPOINT, or use_fips_endpoint of the profile, out, or check --region"
        " and the network.",
    ),
    (_is(socket.gaierror), None, "there is no address for {1} ({0})." + _REACH),
    (
        _is(UnsafeCredentialsError),
        NO_CREDENTIALS,
        "the credentials hold a line break, or another character that none can have ({0}). Give"
        " them without.",
    ),
    (
        _may_be_answered_later,
        CREDENTIALS_UNAVAILABLE,
        "AWS gives no credentials at present ({0}). Run it again when it does.",
    ),
    (
        _is(sdk.ClientError),
        NO_CREDENTIALS,
        "AWS refuses to give credentials ({0}). Check the profile, its role and whom that lets in."
        + _LOG_IN,
    ),
    (
        _is(aiohttp.ClientConnectorError, sdk.EndpointConnectionError, sdk.ConnectTimeoutError),
        None,
        "no connection to {1} ({0})." + _REACH,
    ),
    (
        _is(sdk.MetadataRetrievalError, sdk.ReadTimeoutError, sdk.ConnectionClosedError),
        CREDENTIALS_UNAVAILABLE,
        "whoever gives the credentials does not answer ({0}). Run it again when it does.",
    ),
    (
        _is(FileNotFoundError, PermissionError, IsADirectoryError),
        NO_CREDENTIALS,
        "a file that credentials or TLS need can't be used ({0}). Check the profile, its"
        " credential_process, and AWS_CA_BUNDLE.",
    ),
    (_is(*NO_CREDENTIALS_ERRORS), NO_CREDENTIALS, "{0}." + _LOG_IN),
    (_is_stale_renewal, NO_CREDENTIALS, "{0}." + _LOG_IN),
    # the SDK's own rules are narrower than the model's, or a name can't be put into a URL
    (_is(sdk.ParamValidationError, UnicodeError), NOT_SENDABLE, "the request can't be made: {0}."),
    (_is(TimeoutError), CREDENTIALS_UNAVAILABLE, "no credentials or connection in time ({0})."),
]
