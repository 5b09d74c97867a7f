"""Requests that no SDK would send; raw HTTP."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from batcher.emulator import Emulator
from batcher.emulator.requests import MAX_DEPTH
from tests.emulator.raw_http import CART, SIGNED, send


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b'{"Description": NaN}', "NaN is not a JSON number"),
        (b'"text"', "must be a JSON object"),
        (b"[" * 100_000, "nested deeper than 64"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "nested deeper than 64"),
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
        status, code, message = await send(url, body=body)
    assert (status, code, emulator.applied()) == (400, "BadRequestException", [])
    assert said in message


async def test_a_member_that_is_null_counts_as_absent(trigger: Callable[..., Any]) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger(Description="old")])
    async with emulator as url:
        status, _, _ = await send(
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
