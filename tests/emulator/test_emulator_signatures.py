"""Signatures checked, and roles assumed, by real clients."""

import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from batcher.emulator import Emulator, account_of

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
KEYS = {"AKIDTEST": "secret"}
ROLE = "arn:aws:iam::123456789012:role/team/updater"
Trigger = Callable[..., dict[str, Any]]


def _code(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


async def test_rightly_signed_requests_pass_whatever_is_in_path_query_and_body(
    connect: Any, trigger: Trigger
) -> None:
    emulator = Emulator(latency=(0, 0), keys=KEYS)
    emulator.seed([trigger()])
    async with emulator as url:
        client = await connect(url)
        await client.update_event_trigger(**NAME, Description='ü \U0001f600 "quoted"')
        arn = f"arn:aws:profile:eu-west-1:{account_of('AKIDTEST')}:domains/acme/event-triggers/cart"
        await client.tag_resource(resourceArn=arn, tags={"a/b:c": "d", "e": "f"})
        await client.untag_resource(resourceArn=arn, tagKeys=["a/b:c", "x=y"])
        assert (await client.list_tags_for_resource(resourceArn=arn))["tags"] == {"e": "f"}
        assert (
            len((await client.list_event_triggers(DomainName="acme", MaxResults=1))["Items"]) == 1
        )


@pytest.mark.parametrize(
    ("client", "server", "code", "message"),
    [
        (
            {"secret": "wrong"},
            {},
            "InvalidSignatureException",
            "does not match the signature you provided",
        ),
        (
            {"key": "AKIDOTHER"},
            {},
            "UnrecognizedClientException",
            "security token included in the request is invalid",
        ),
        (
            {},
            {"wall_clock": lambda: time.time() + 302},
            "InvalidSignatureException",
            "Signature expired: ",
        ),
        (
            {},
            {"wall_clock": lambda: time.time() - 302},
            "InvalidSignatureException",
            "Signature not yet current: ",
        ),
    ],
)
async def test_a_wrongly_signed_request_is_refused(
    connect: Any,
    trigger: Trigger,
    client: dict[str, Any],
    server: dict[str, Any],
    code: str,
    message: str,
) -> None:
    emulator = Emulator(latency=(0, 0), keys=KEYS, **server)
    emulator.seed([trigger()])
    async with emulator as url:
        with pytest.raises(ClientError, match=message) as refused:
            await (await connect(url, **client)).update_event_trigger(**NAME)
    assert _code(refused) == (code, 403)
    assert emulator.counts() == {"UpdateEventTrigger": {code: 1}}


@pytest.mark.parametrize("offset", [-290, 290])
async def test_a_clock_that_is_off_by_less_than_five_minutes_is_no_trouble(
    connect: Any, trigger: Trigger, offset: float
) -> None:
    emulator = Emulator(latency=(0, 0), keys=KEYS, wall_clock=lambda: time.time() + offset)
    emulator.seed([trigger()])
    async with emulator as url:
        await (await connect(url)).get_event_trigger(**NAME)


@pytest.mark.parametrize(
    ("changed", "service", "status"),
    [({}, "profile", 200), ({"data": b'{"Description":"b"}'}, "profile", 403), ({}, "s3", 403)],
)
async def test_a_body_changed_on_the_way_or_a_scope_of_another_service_is_noticed(
    trigger: Trigger, changed: dict[str, bytes], service: str, status: int
) -> None:
    emulator = Emulator(latency=(0, 0), keys=KEYS)
    emulator.seed([trigger()])
    async with emulator as url:
        signed = AWSRequest(
            "PUT", f"{url}/domains/acme/event-triggers/cart", data=b'{"Description":"a"}'
        )
        signed.headers["X-Amz-Content-SHA256"] = SigV4Auth(None, service, "eu-west-1").payload(
            signed
        )
        SigV4Auth(Credentials("AKIDTEST", "secret"), service, "eu-west-1").add_auth(signed)
        body = changed.get("data", signed.data)
        async with aiohttp.ClientSession() as session:
            answer = await session.put(signed.url, data=body, headers=dict(signed.headers.items()))
            answer.release()
    assert answer.status == status


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
            assert _code(refused)[0] in ("UnrecognizedClientException", "InvalidSignatureException")
    assert [entry["account"] for entry in emulator.applied()] == ["123456789012"]


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
        assert _code(refused) == ("ExpiredTokenException", 403)
        with pytest.raises(ClientError) as refused:
            await (await connect(url, service="sts", **given)).get_caller_identity()
        assert _code(refused) == ("ExpiredToken", 403)


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
            assert _code(refused) == code
    assert emulator.counts()["AssumeRole"] == {code[0] if code else "ok": 1}


async def test_sts_refuses_other_actions_and_wrong_signatures(connect: Any) -> None:
    async with Emulator(keys=KEYS) as url:
        with pytest.raises(ClientError) as refused:
            await (await connect(url, service="sts")).get_session_token()
        assert _code(refused) == ("InvalidAction", 400)
        with pytest.raises(ClientError) as refused:
            await (await connect(url, service="sts", secret="wrong")).get_caller_identity()
        assert _code(refused) == ("SignatureDoesNotMatch", 403)
