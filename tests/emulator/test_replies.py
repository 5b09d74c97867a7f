"""What every answer carries; raw HTTP."""

import json
from collections.abc import Callable
from typing import Any

import aiohttp

from batcher.emulator import Emulator
from batcher.emulator.errors import ServiceError
from batcher.emulator.replies import refusal
from tests.emulator.raw_http import CART, SIGNED


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


def test_a_refusal_can_say_what_utf_8_can_not() -> None:
    reply = refusal(ServiceError("BadRequestException", "half a pair: \ud800"), 400, "id")
    assert (reply.status, reply.headers["x-amzn-RequestId"]) == (400, "id")
    assert json.loads(reply.body) == {"Message": "half a pair: \ud800"}
