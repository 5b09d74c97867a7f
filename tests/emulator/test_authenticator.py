"""Who is let in."""

import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batcher.emulator import Emulator, account_of
from batcher.emulator.authenticator import Authenticator, RoleSession
from batcher.emulator.errors import ServiceError
from batcher.emulator.requests import HttpRequest
from tests.emulator.raw_http import SIGNED
from tests.emulator.signed_clients import KEYS, NAME, ROLE, Trigger, code_and_status


@pytest.mark.parametrize("keys", [KEYS, None])
async def test_a_session_expires(
    connect: Any, trigger: Trigger, keys: dict[str, str] | None
) -> None:
    offset = 0.0
    emulator = Emulator(
        latency=(0, 0), keys=keys, session_seconds=60, wall_clock=lambda: time.time() + offset
    )
    emulator.seed([trigger()])
    async with emulator as url:
        sts = await connect(url, service="sts")
        issued = (await sts.assume_role(RoleArn=ROLE, RoleSessionName="me"))["Credentials"]
        given = {
            "key": issued["AccessKeyId"],
            "secret": issued["SecretAccessKey"],
            "token": issued["SessionToken"],
        }
        client = await connect(url, **given)
        await client.get_event_trigger(**NAME)
        offset = 61.0
        with pytest.raises(ClientError) as refused:
            await client.get_event_trigger(**NAME)
        assert code_and_status(refused) == ("ExpiredTokenException", 403)
        with pytest.raises(ClientError) as refused:
            await (await connect(url, service="sts", **given)).get_caller_identity()
        assert code_and_status(refused) == ("ExpiredToken", 403)


def test_without_keys_any_signature_is_taken_and_a_session_still_needs_its_token() -> None:
    session = RoleSession(
        access_key="AK",
        secret="secret",
        token="token",
        account="111122223333",
        arn="arn:aws:sts::111122223333:assumed-role/r/me",
        user_id="AROA:me",
        expires_at=10.0,
    )
    authenticator = Authenticator(None, lambda: 9.0)
    request = HttpRequest(
        method="GET", path="/", query="", headers={"Authorization": SIGNED}, body=b""
    )
    assert authenticator.authenticate(request, "profile").account == account_of("AK")
    authenticator.add(session)
    with pytest.raises(ServiceError, match="UnrecognizedClientException"):
        authenticator.authenticate(request, "profile")
    tokened = replace(request, headers={**request.headers, "X-Amz-Security-Token": "token"})
    assert authenticator.authenticate(tokened, "profile").account == "111122223333"
