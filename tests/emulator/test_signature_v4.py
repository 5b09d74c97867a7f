"""Signatures of real clients, checked."""

import time
from typing import Any

import aiohttp
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from batcher.emulator import Emulator, account_of
from batcher.emulator.signature_v4 import TOLERANCE
from tests.emulator.signed_clients import KEYS, NAME, Trigger, code_and_status


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
            {"wall_clock": lambda: time.time() + TOLERANCE.total_seconds() + 2},
            "InvalidSignatureException",
            "Signature expired: ",
        ),
        (
            {},
            {"wall_clock": lambda: time.time() - TOLERANCE.total_seconds() - 2},
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
    assert code_and_status(refused) == (code, 403)
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
