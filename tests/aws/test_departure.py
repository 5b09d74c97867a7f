"""What is raised before the first byte of a request left is no answer to it.

Over real connections, and with credentials that are renewed inside of the call.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import botocore.exceptions as sdk
import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.config import AioConfig

from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.credentials import CredentialProvider
from batcher.aws.departure import reach
from batcher.aws.one_attempt import OneAttemptSession
from batcher.emulator import Emulator
from batcher.errors import AwsError
from batcher.operations import GET_TRIGGER, TRIGGER_NAMES, UPDATE_TRIGGER
from batcher.records import Attempt
from tests.aws.test_client import target
from tests.aws.test_credentials import due
from tests.conftest import change, sdk_session, trigger
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials", "transport")

NAMES = {name: trigger(1)[name] for name in TRIGGER_NAMES}
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """A server on loopback; yields its address without a scheme."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def wants_password(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def forbids(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:  # until the other side closes
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0)


async def call(url: str, client: Any | None = None) -> Attempt:
    async with target(url, client) as eu:
        return await eu.call(UPDATE_TRIGGER, change(1))


async def test_a_connection_that_breaks_after_the_first_byte_leaves_it_open() -> None:
    async with serving(closes) as address:
        attempt = await call(f"http://{address}")
    assert (attempt.reached, judge(attempt)) == ("sent", Verdict.LOST)


@pytest.mark.parametrize(
    ("serve", "proxied", "code", "words"),
    [
        (closes, False, None, "https://127.0.0.1"),
        (wants_password, False, "SSLError", "TLS with https://127.0.0.1"),  # answers in clear
        (closes, True, None, ""),
        (wants_password, True, "ProxyRefused", "a name and a password"),
        (forbids, True, "ProxyRefused", "NO_PROXY"),
    ],
)
async def test_what_tls_or_a_proxy_has_against_it_is_found_before_it_leaves(
    serve: Serve,
    proxied: bool,
    code: str | None,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(serve) as address:
        if proxied:
            monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        attempt = await call("https://unreachable.invalid" if proxied else f"https://{address}")
    assert (attempt.reached, judge(attempt)) == ("unsent", Verdict.UNSENT)
    assert code in (None, attempt.code)
    assert words in attempt.message


@pytest.mark.parametrize(
    ("serve", "proxied"),
    [(closes, False), (wants_password, False), (closes, True), (wants_password, True)],
)
async def test_tls_and_proxy_are_part_of_the_check_at_the_start(
    serve: Serve, proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(serve) as address:
        if proxied:
            monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        url = "https://unreachable.invalid" if proxied else f"https://{address}"
        async with target(url) as eu:
            with pytest.raises(AwsError, match="target eu: "):
                await eu.check()


async def test_of_a_proxy_in_clear_too_the_wanted_password_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(wants_password) as address:
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        attempt = await call("http://unreachable.invalid")
    assert (attempt.reached, attempt.code) == ("unsent", "ProxyRefused")


async def test_an_answer_that_drips_ends_with_the_time_for_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(drips) as address, target(f"http://{address}", read_timeout=0.2) as eu:
        attempt = await eu.call(UPDATE_TRIGGER, change(1))
    assert (attempt.reached, judge(attempt)) == ("sent", Verdict.LOST)
    assert "no complete answer" in attempt.message


@asynccontextmanager
async def client_with(url: str, error: Exception, **more: Any) -> AsyncIterator[Any]:
    """A ready client whose credentials have to be renewed, which raises that."""

    async def renew() -> dict[str, str]:
        raise error

    session = sdk_session()
    session.register_component("credential_provider", CredentialProvider(due(renew)))
    config = AioConfig(retries={"total_max_attempts": 1}, **more)
    async with session.create_client("customer-profiles", endpoint_url=url, config=config) as made:
        yield made


def refusal(code: str, status: int, operation: str = "AssumeRole") -> sdk.ClientError:
    metadata = {"HTTPStatusCode": status}
    said = {"Code": code, "Message": "said so"}
    return sdk.ClientError({"Error": said, "ResponseMetadata": metadata}, operation)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (refusal("Throttling", 400), Verdict.UNSENT),
        (refusal("TooManyRequestsException", 429, "GetRoleCredentials"), Verdict.UNSENT),
        (refusal("ServiceUnavailable", 503), Verdict.UNSENT),
        (refusal("AccessDenied", 403), Verdict.CREDENTIALS),
        (refusal("AccessDeniedException", 403, "AssumeRoleWithWebIdentity"), Verdict.CREDENTIALS),
        (refusal("InvalidIdentityToken", 400, "AssumeRoleWithWebIdentity"), Verdict.CREDENTIALS),
        (sdk.UnauthorizedSSOTokenError(), Verdict.CREDENTIALS),
        (sdk.ReadTimeoutError(endpoint_url="http://169.254.169.254"), Verdict.UNSENT),
        (ConnectionResetError("reset"), Verdict.UNSENT),
        (OSError(24, "Too many open files"), Verdict.UNSENT),
        (MemoryError(), Verdict.UNSENT),
        (ValueError("an odd answer"), Verdict.UNSENT),
    ],
    ids=repr,
)
async def test_what_is_wrong_with_credentials_while_they_are_renewed_is_no_answer(
    error: Exception, verdict: Verdict
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url, client_with(url, error) as client:
        attempt = await call(url, client)
    assert (attempt.reached, judge(attempt), attempt.http_status) == ("unsent", verdict, None)
    assert not emulator.calls()


async def test_a_credential_with_a_line_break_is_named_and_never_sent(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = Emulator()
    async with emulator as url:
        client = await connect(url, token="one\r\nX-Injected: two")
        attempts = [await call(url, client)]
        monkeypatch.setenv(
            "AWS_SECRET_ACCESS_KEY", "secret\n"
        )  # it would only make a bad signature
        attempts.append(await call(url))
    for attempt in attempts:
        assert (attempt.reached, attempt.code) == ("unsent", "NoCredentials")
        assert "line break" in attempt.message
        assert "secret" not in attempt.message.replace("secret_key", "")
    assert not emulator.calls()


class AnotherTransport:
    """Stands for a transport that nobody can look into."""

    def __init__(self, **settings: Any) -> None:
        pass

    async def __aenter__(self) -> "AnotherTransport":
        return self

    async def __aexit__(self, *exception: object) -> None:
        pass

    async def close(self) -> None:
        pass

    async def send(self, request: Any) -> AioAWSResponse:
        raise sdk.HTTPClientError(error=ValueError("nobody knows when"))


async def test_of_a_transport_that_does_not_tell_it_counts_as_left() -> None:
    config = AioConfig(http_session_cls=AnotherTransport, retries={"total_max_attempts": 1})
    url = "http://127.0.0.1:1"
    session = sdk_session()
    async with session.create_client("customer-profiles", endpoint_url=url, config=config) as own:
        attempt = await call(url, own)
    assert (attempt.reached, judge(attempt)) == ("sent", Verdict.LOST)


async def test_a_client_that_is_used_again_is_watched_once(connect: Any) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        client = await connect(url)
        for _ in range(3):
            async with target(None, client) as eu:
                assert (await eu.call(GET_TRIGGER, NAMES)).code is None
        (session,) = client._endpoint.http_session._sessions.values()  # noqa: SLF001 # only here
        assert len(session.trace_configs) == 1


async def test_reaching_a_server_connects_and_sends_nothing() -> None:
    got: list[bytes] = []

    async def keeps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read())

    async with serving(keeps) as address, OneAttemptSession(timeout=(5, 5)) as http:
        await reach(http, f"http://{address}")
        await until(lambda: got)
    assert got == [b""]


@pytest.mark.parametrize("serve", [closes, wants_password])
async def test_a_server_without_tls_is_not_reached_by_it(serve: Serve) -> None:
    async with serving(serve) as address, OneAttemptSession(timeout=(5, 5)) as http:
        with pytest.raises(sdk.ConnectionError):
            await reach(http, f"https://{address}")
