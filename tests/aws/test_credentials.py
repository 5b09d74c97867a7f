"""What signs requests: found, assumed, renewed in time, or explained in words."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.exceptions as sdk
import pytest
from aiobotocore.credentials import AioCredentials, AioRefreshableCredentials
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.loaders import Loader

from batcher.aws.credentials import (
    CheckedCredentials,
    explained,
    open_session,
    region_of,
)
from batcher.aws.departure import UnsafeCredentialsError
from batcher.emulator import Emulator
from batcher.errors import BatcherError, CredentialsError, SettingsError
from batcher.operations import UPDATE_TRIGGER
from tests.aws.test_client import target
from tests.conftest import change
from tests.local_sts import ROLE, LocalSts, role_profile


@pytest.mark.parametrize(
    ("error", "raised", "advice"),
    [
        (sdk.NoCredentialsError(), CredentialsError, "give another --profile"),
        (
            sdk.TokenRetrievalError(provider="sso", error_msg="expired"),
            CredentialsError,
            "Renew them",
        ),
        (sdk.ProfileNotFound(profile="prod"), SettingsError, "aws configure list-profiles"),
        (sdk.InvalidRegionError(region_name="?"), SettingsError, "target eu: "),
        (ValueError("Invalid endpoint"), SettingsError, "Invalid endpoint"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_is_wrong_is_said_with_what_to_do(
    error: Exception, raised: type[BatcherError], advice: str
) -> None:
    with pytest.raises(raised, match=advice), explained("eu"):
        raise error


def test_the_region_is_the_given_one_else_that_of_the_environment_else_the_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile there]\nregion = eu-north-1\n[profile nowhere]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    there, nowhere = (open_session(name, Loader()) for name in ("there", "nowhere"))
    assert region_of(there, "eu-west-1") == "eu-west-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert region_of(there, None) == region_of(nowhere, None) == "us-east-1"
    monkeypatch.delenv("AWS_REGION")
    assert region_of(there, None) == region_of(nowhere, None) == "us-west-2"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    there, nowhere = (open_session(name, Loader()) for name in ("there", "nowhere"))
    assert region_of(there, None) == "eu-north-1"
    assert region_of(nowhere, None) is None


@pytest.mark.parametrize("given", ["eu-central-1", None], ids=["given", "AWS_REGION"])
async def test_a_role_of_a_profile_without_a_region_is_assumed_in_the_one_to_use(
    given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalSts() as sts:
        role_profile(tmp_path, monkeypatch, sts)
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        if given is None:
            monkeypatch.setenv("AWS_REGION", "eu-central-1")
        async with Emulator() as url, target(url, profile="prod", region=given) as eu:
            assert eu.region == "eu-central-1"
            assert (await eu.call(UPDATE_TRIGGER, change(1))).reached == "answered"
        assert sts.asked


@pytest.mark.parametrize("says", ["", "<html/>", "{}", "<AssumeRoleResponse/>", "\0", "<a><b></a>"])
async def test_an_odd_answer_of_sts_is_told_and_no_traceback(
    says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalSts() as sts, Emulator() as url:
        role_profile(tmp_path, monkeypatch, sts)
        sts.says = says
        for role in (None, ROLE):
            with suppress(CredentialsError):
                async with target(url, profile="prod", region="eu-west-1", role_arn=role) as eu:
                    await eu.account()
                    attempt = await eu.call(UPDATE_TRIGGER, change(1))
                    assert attempt.reached == "unsent"


def due(renew: Callable[[], Awaitable[dict[str, str]]]) -> AioRefreshableCredentials:
    """Credentials that are over, and are renewed with that by whoever asks for them."""
    over = datetime.now(UTC) - timedelta(minutes=1)
    return AioRefreshableCredentials("AKIDOLD", "s", None, over, renew, "assume-role")


async def test_a_renewal_that_fails_fails_for_all_who_wait_for_it() -> None:
    renewals = 0

    async def renew() -> dict[str, str]:
        nonlocal renewals
        renewals += 1
        await asyncio.sleep(0)
        raise sdk.CredentialRetrievalError(provider="role", error_msg="away")

    async def passed(frozen: Any) -> None:
        raise AssertionError(frozen)

    credentials = CheckedCredentials(due(renew), passed)
    asking = [credentials.get_frozen_credentials() for _ in range(20)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(error) for error in found} == {sdk.CredentialRetrievalError}
    assert renewals <= 2  # the next in line may have begun


async def test_a_token_that_is_no_text_when_it_is_renewed_is_an_error_of_credentials(
    tmp_path: Path,
) -> None:
    """Not of the request, for which its update would fail."""
    token = tmp_path / "token"
    token.write_bytes(b"\xff\xfeSECRET")

    async def renew() -> dict[str, str]:
        return {"token": token.read_text(encoding="utf-8")}

    async def passed(_: Any) -> None:
        return None

    with pytest.raises(sdk.CredentialRetrievalError, match="UnicodeDecodeError") as raised:
        await CheckedCredentials(due(renew), passed).get_frozen_credentials()
    assert "SECRET" not in str(raised.value)


class ShortPatience(CheckedCredentials):
    asked_at_most = 0.05


async def test_a_renewal_that_never_ends_fails_for_all_who_wait_for_it() -> None:
    async def renew() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    async def passed(frozen: Any) -> None:
        raise AssertionError(frozen)

    credentials = ShortPatience(due(renew), passed)
    asking = [credentials.get_frozen_credentials() for _ in range(20)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert {str(error).partition(": ")[2] for error in found} == {
        "there was no answer within 0.05 s."
    }


async def checked(credentials: Any) -> CheckedCredentials:
    """Credentials that were let through once; whatever is asked about again, is let through."""

    async def passed(_: Any) -> None:
        return None

    found = CheckedCredentials(credentials, passed, lambda _: True)
    assert found.known() is None
    assert await found.get_frozen_credentials() is found.known() is not None
    return found


@pytest.mark.parametrize("part", ["access_key", "secret_key", "token", "account_id"])
async def test_credentials_that_changed_are_not_taken_for_the_ones_of_before(part: str) -> None:
    credentials = AioCredentials("AKID", "s", "t")
    found = await checked(credentials)
    setattr(credentials, part, "new")
    assert found.known() is None
    assert await found.get_frozen_credentials() is found.known()
    assert getattr(found.known(), part) == "new"


async def test_credentials_that_another_target_has_renewed_are_not_those_of_before() -> None:
    now = datetime.now(UTC)

    async def renew() -> dict[str, Any]:
        end = (now + timedelta(hours=2)).isoformat()
        return {"access_key": "AKIDNEW", "secret_key": "s", "token": "t", "expiry_time": end}

    credentials = AioRefreshableCredentials(
        "AKIDOLD", "s", "t", now + timedelta(hours=1), renew, "sso", lambda: now
    )
    found = await checked(credentials)
    assert (await found.get_frozen_credentials()).access_key == "AKIDOLD"
    now += timedelta(minutes=50)
    assert found.known() is None  # they are to be renewed
    await credentials.get_frozen_credentials()
    assert found.known() is None
    assert (await found.get_frozen_credentials()).access_key == "AKIDNEW"


@pytest.mark.parametrize("part", ["access_key", "secret_key", "token"])
@pytest.mark.parametrize("added", ["\n", "\r\nX: y", "\0", "é", "\x7f"])
async def test_a_credential_that_no_header_can_hold_is_named_and_not_shown(
    part: str, added: str
) -> None:
    async def passed(frozen: Any) -> None:
        raise AssertionError(frozen)

    values = {"access_key": "AKID", "secret_key": "abc", "token": "def"}
    values[part] += added
    with pytest.raises(UnsafeCredentialsError, match=f"^{part}$"):
        await CheckedCredentials(AioCredentials(**values), passed).get_frozen_credentials()


_FOUND = """
import asyncio, sys
from batcher.aws.credentials import open_session
from batcher.aws.service_model import model_loader

async def main():
    found = await open_session(sys.argv[1] or None, model_loader()).get_credentials()
    print((await found.get_frozen_credentials()).access_key)

asyncio.run(main())
"""
_THERE = {
    "Code": "Success",
    "AccessKeyId": "AKIDTHERE",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2099-01-01T00:00:00Z",
    "roleCredentials": {
        "accessKeyId": "AKIDTHERE",
        "secretAccessKey": "s",
        "sessionToken": "t",
        "expiration": 4_070_908_800_000,
    },
}


@pytest.mark.parametrize(
    ("variable", "profile"),
    [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", ""),
        ("AWS_ENDPOINT_URL_SSO", "sso"),
    ],
)
async def test_credentials_of_a_container_an_instance_and_sso_are_found(
    tmp_path: Path, variable: str, profile: str
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/api/token"):
            return web.Response(text="t", headers={"x-aws-ec2-metadata-token-ttl-seconds": "60"})
        if request.path.endswith("/security-credentials/"):
            return web.Response(text="role")
        return web.json_response(_THERE)

    sign_in(tmp_path)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _FOUND, profile),
            stdout=asyncio.subprocess.PIPE,
            env={"HOME": str(tmp_path), variable: str(server.make_url("/")).rstrip("/")},
        )
        found, _ = await process.communicate()
    assert found == b"AKIDTHERE\n"


def sign_in(home: Path) -> None:
    """What ``aws sso login`` leaves behind."""
    start, name = "https://acme.example/start", "reader"
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (home / ".aws" / "config").write_text(
        f"[profile sso]\nsso_start_url = {start}\nsso_region = eu-west-1\n"
        f"sso_account_id = 111122223333\nsso_role_name = {name}\n"
    )
    key = hashlib.sha1(start.encode(), usedforsecurity=False).hexdigest()
    (cache / f"{key}.json").write_text(
        json.dumps({"accessToken": "t", "expiresAt": "2099-01-01T00:00:00Z"})
    )
