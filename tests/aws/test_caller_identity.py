"""STS asked for an account: its own, or what answers at the endpoint; no answer is none."""

from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.credentials import ReadOnlyCredentials

from batcher.aws.caller_identity import StsIdentity, UselessCredentials, caller_identity
from batcher.aws.one_attempt import OneAttemptSession
from batcher.emulator import Emulator, account_of
from batcher.errors import RedirectError
from tests.conftest import sdk_session
from tests.local_sts import LocalSts
from tests.odd_server import http, odd_server

AWS = "https://profile.eu-west-1.amazonaws.com"


async def account(endpoint_url: str, key: str = "AKIDONE") -> str | None:
    found = await identity(endpoint_url, key)
    return found.account if isinstance(found, StsIdentity) else None


async def identity(
    endpoint_url: str,
    key: str = "AKIDONE",
    http: type[OneAttemptSession] = OneAttemptSession,
) -> StsIdentity | UselessCredentials | None:
    return await caller_identity(
        sdk_session(),
        ReadOnlyCredentials(key, "secret", None, None),
        region="eu-west-1",
        endpoint_url=endpoint_url,
        config=AioConfig(
            connect_timeout=1,
            read_timeout=1,
            retries={"total_max_attempts": 1},
            http_session_cls=http,
        ),
    )


async def test_an_endpoint_that_is_not_awss_is_asked_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Emulator() as url:
        assert await account(url) == account_of("AKIDONE")
        assert await account(url, "AKIDTWO") == account_of("AKIDTWO")
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        assert await account(AWS) == account_of("AKIDONE")
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
        assert await account(url) is None  # somebody said where STS is


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>a proxy</html>"),
        (200, ""),
        (200, "{}"),
        (200, "\x00<"),
        (404, "not here"),
        (403, "<ErrorResponse/>"),
        (503, ""),
        (
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>12</Account>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
    ],
)
async def test_whatever_else_answers_there_tells_no_account(status: int, body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        assert await account(str(server.make_url("/"))) is None


@pytest.mark.parametrize(
    ("arn", "known"),
    [
        ("arn:aws:iam::111122223333:user/ann", True),
        ("arn:aws-cn:sts::111122223333:assumed-role/deploy/ann@example.com", True),
        ("", False),
        ("ann", False),
        ("arn:aws:sts::111122223333:assumed-role/\u202eevil", False),
    ],
)
async def test_an_arn_that_is_none_is_not_taken(arn: str, known: bool) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(
            text="<GetCallerIdentityResponse><GetCallerIdentityResult>"
            f"<Account>111122223333</Account><Arn>{arn}</Arn>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>"
        )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        found = await identity(str(server.make_url("/")))
    assert found == StsIdentity(account="111122223333", arn=arn if known else None)


async def test_nobody_there_tells_no_account() -> None:
    assert await account("http://127.0.0.1:1") is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_of_sts_is_no_account(status: int) -> None:
    async with (
        Emulator() as elsewhere,
        odd_server(lambda request: http(status, b"", Location=elsewhere)) as server,
    ):
        with pytest.raises(RedirectError, match=f"status {status}"):
            await account(server.url)


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
async def test_a_question_that_this_host_lets_nobody_ask_is_an_error_and_no_unknown_account(
    error: Exception,
) -> None:
    class Refused(OneAttemptSession):
        async def _get_session(self, proxy_url: str | None) -> Any:
            raise error

    async with Emulator() as url:
        with pytest.raises(type(error)):
            await identity(url, http=Refused)


@pytest.mark.parametrize(
    ("code", "useless"),
    [
        ("ExpiredToken", True),
        ("InvalidClientTokenId", True),
        ("SignatureDoesNotMatch", False),  # a clock may be wrong
        ("Throttling", False),
        ("InternalFailure", False),
    ],
)
async def test_only_what_sts_says_of_the_credentials_themselves_makes_them_useless(
    code: str, *, useless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalSts() as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.refusal = (code, 403)
        assert await identity(AWS) == (UselessCredentials(code=code) if useless else None)
