"""Requests that no SDK would send, and what every answer carries; raw HTTP."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from batcher.emulator import Emulator

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/profile/aws4_request, SignedHeaders=host,"
    " Signature=0a"
)
CART = "/domains/acme/event-triggers/cart"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


async def _send(
    url: str,
    method: str = "PUT",
    path: str = CART,
    body: bytes | io.BytesIO | None = None,
    authorization: str | None = SIGNED,
) -> tuple[int, str, str]:
    """Status, error type and message of the answer."""
    headers = {"Authorization": authorization} if authorization else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + path, data=body, headers=headers) as r,
    ):
        assert UUID.fullmatch(r.headers["x-amzn-RequestId"])
        return r.status, r.headers.get("x-amzn-ErrorType", ""), (await r.json()).get("Message", "")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b'{"Description": NaN}', "NaN is not a JSON number"),
        (b'"text"', "must be a JSON object"),
        (b"[" * 100_000, "nested deeper than 64"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper than 64"),
        (b'{"Description": "\xff"}', "not UTF-8"),
        ('{"Description": "x"}'.encode("utf-16"), "not UTF-8"),
        (b'{"Description": "\\ud800"}', "half a surrogate pair"),
        (b'{"Description": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"DomainName": "acme"}', "DomainName belongs in the uri"),
        (
            b'{"EventTriggerLimits": {"EventExpiration": 1.0}}',
            "Value '1.0' at 'eventTriggerLimits.eventExpiration'",
        ),
        (
            b'{"EventTriggerLimits": {"EventExpiration": true}}',
            "Value 'true' at 'eventTriggerLimits.eventExpiration'",
        ),
        (b'{"EventTriggerLimits": {"EventExpiration": 1e400}}', "Member must be an integer"),
        (b'{"EventTriggerConditions": [null]}', "Value null at 'eventTriggerConditions.1.member'"),
        (b'{"description": "x"}', "Member must not be present"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_bad_request(
    trigger: Callable[..., Any], body: bytes, said: str
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger()])
    async with emulator as url:
        status, code, message = await _send(url, body=body)
    assert (status, code, emulator.applied()) == (400, "BadRequestException", [])
    assert said in message


async def test_a_member_that_is_null_counts_as_absent(trigger: Callable[..., Any]) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger(Description="old")])
    async with emulator as url:
        status, _, _ = await _send(
            url, body=b'{"Description": null, "EventTriggerLimits": {"EventExpiration": null}}'
        )
    stored = emulator.trigger("acme", "cart") or {}
    assert (status, stored["Description"], stored["EventTriggerLimits"]) == (200, "old", {})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PATCH", CART, 404, "UnknownOperationException"),
        ("GET", "/nowhere", 404, "UnknownOperationException"),
        ("GET", "/domains/acme/layouts/x", 501, "NotImplementedException"),
        ("GET", "/domains/acme/event-triggers?max-results=0", 400, "BadRequestException"),
        ("GET", "/domains/acme/event-triggers?max-results=1_0", 400, "BadRequestException"),
        ("GET", "/domains/acme/event-triggers?max-results=%FF", 400, "BadRequestException"),
        ("GET", "/domains/acme/event-triggers?page=1", 400, "BadRequestException"),
        ("GET", "/domains/%FF", 400, "BadRequestException"),
        ("GET", "/domains/", 400, "BadRequestException"),
    ],
)
async def test_a_path_or_query_that_means_nothing_is_refused(
    method: str, path: str, status: int, code: str
) -> None:
    async with Emulator(latency=(0, 0)) as url, aiohttp.ClientSession() as session:
        answer = await session.request(
            method, URL(url + path, encoded=True), headers={"Authorization": SIGNED}
        )
        assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (status, code)
        answer.release()


async def test_a_body_over_the_limit_is_refused_as_too_large() -> None:
    async with Emulator(latency=(0, 0)) as url:
        status, code, _ = await _send(url, body=io.BytesIO(b" " * (16 * 2**20 + 1)))
    assert (status, code) == (413, "RequestEntityTooLargeException")


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 403, "MissingAuthenticationTokenException"),
        ("Bearer x", 400, "IncompleteSignatureException"),
        (SIGNED.replace("/eu-west-1", ""), 400, "IncompleteSignatureException"),
    ],
)
async def test_a_request_without_a_readable_signature_is_refused(
    authorization: str | None, status: int, code: str
) -> None:
    async with Emulator(latency=(0, 0)) as url:
        assert (await _send(url, body=b"{}", authorization=authorization))[:2] == (status, code)


async def test_an_error_has_one_member_and_success_the_types_of_the_model(
    trigger: Callable[..., Any],
) -> None:
    emulator = Emulator(latency=(0, 0), wall_clock=lambda: 1764000000.25)
    emulator.seed([trigger()])
    async with emulator as url, aiohttp.ClientSession(headers={"Authorization": SIGNED}) as session:
        async with session.put(f"{url}/domains/acme/event-triggers/none", data=b"{}") as refused:
            assert list(await refused.json()) == ["Message"]
        async with session.get(url + CART) as found:
            assert json.loads(await found.read())["CreatedAt"] == 1764000000.25
