"""Roles assumed by real clients."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batcher.emulator import Emulator, account_of
from batcher.emulator.errors import COMMON_ERRORS
from batcher.emulator.sts import ERRORS
from tests.emulator.signed_clients import KEYS, NAME, ROLE, Trigger, code_and_status


async def test_an_assumed_role_acts_in_the_account_of_its_arn(
    connect: Any, trigger: Trigger
) -> None:
    emulator = Emulator(latency=(0, 0), keys=KEYS)
    emulator.seed([trigger()])
    async with emulator as url:
        sts = await connect(url, service="sts")
        me = await sts.get_caller_identity()
        assert (me["Account"], me["Arn"]) == (
            account_of("AKIDTEST"),
            f"arn:aws:iam::{me['Account']}:user/emulator",
        )
        assumed = await sts.assume_role(RoleArn=ROLE, RoleSessionName="me", DurationSeconds=900)
        issued = assumed["Credentials"]
        assert 890 < issued["Expiration"].timestamp() - time.time() <= 900
        given = {
            "key": issued["AccessKeyId"],
            "secret": issued["SecretAccessKey"],
            "token": issued["SessionToken"],
        }
        role = await (await connect(url, service="sts", **given)).get_caller_identity()
        assert (role["Account"], role["Arn"]) == (
            "123456789012",
            "arn:aws:sts::123456789012:assumed-role/updater/me",
        )
        await (await connect(url, **given)).update_event_trigger(**NAME, Description="by role")
        for bad in (
            {**given, "token": "other"},
            {**given, "token": None},
            {**given, "secret": "other"},
        ):
            with pytest.raises(ClientError) as refused:
                await (await connect(url, **bad)).get_event_trigger(**NAME)
            assert code_and_status(refused)[0] in (
                "UnrecognizedClientException",
                "InvalidSignatureException",
            )
    assert [entry["account"] for entry in emulator.applied()] == ["123456789012"]


@pytest.mark.parametrize(
    ("request_members", "code"),
    [
        ({"ExternalId": "right-id"}, None),
        ({"ExternalId": "wrong-id"}, ("AccessDenied", 403)),
        ({}, ("AccessDenied", 403)),
        ({"ExternalId": "right-id", "DurationSeconds": 43201}, ("ValidationError", 400)),
        ({"RoleArn": "arn:aws:iam::123456789012:user/x"}, ("ValidationError", 400)),
        (
            {"ExternalId": "right-id", "Tags": [{"Key": "k" * 129, "Value": "v"}]},
            ("ValidationError", 400),
        ),
        ({"ExternalId": "right-id", "Tags": [{"Key": "k", "Value": "v"}]}, None),
        (
            {
                "ExternalId": "right-id",
                "Tags": [{"Key": k, "Value": "v"} for k in ("team", "Team")],
            },
            ("InvalidParameterValue", 400),
        ),
    ],
)
async def test_a_role_is_given_only_for_a_valid_request_with_its_external_id(
    connect: Any, request_members: dict[str, Any], code: tuple[str, int] | None
) -> None:
    emulator = Emulator(keys=KEYS, external_ids={ROLE: "right-id"})
    async with emulator as url:
        call = (await connect(url, service="sts")).assume_role(
            **{"RoleArn": ROLE, "RoleSessionName": "me", **request_members}
        )
        if code is None:
            assert (await call)["Credentials"]["SessionToken"]
        else:
            with pytest.raises(ClientError) as refused:
                await call
            assert code_and_status(refused) == code
    assert emulator.counts()["AssumeRole"] == {code[0] if code else "ok": 1}


async def test_sts_refuses_other_actions_and_wrong_signatures(connect: Any) -> None:
    async with Emulator(keys=KEYS) as url:
        with pytest.raises(ClientError) as refused:
            await (await connect(url, service="sts")).get_session_token()
        assert code_and_status(refused) == ("InvalidAction", 400)
        with pytest.raises(ClientError) as refused:
            await (await connect(url, service="sts", secret="wrong")).get_caller_identity()
        assert code_and_status(refused) == ("SignatureDoesNotMatch", 403)


def test_each_error_of_the_query_protocol_is_one_that_a_caller_can_meet() -> None:
    assert set(ERRORS) - set(COMMON_ERRORS) == {
        "ValidationError",
        "InvalidAction",
        "InvalidParameterValue",
        "AccessDenied",
    }
