"""Connections that are reset, and that hang."""

import asyncio
import io
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from batcher.emulator import Emulator
from batcher.emulator.connections import MAX_BODY
from tests.emulator.raw_http import SIGNED, send
from tests.waiting import until

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(("kind", "applied"), [("reset-before", 0), ("reset-after", 1)])
async def test_a_reset_is_a_reset_and_applied_only_when_it_comes_after(
    trigger: Trigger, kind: str, applied: int
) -> None:
    """Over a plain socket: aiohttp's client sends a PUT once more after a reset."""
    emulator = Emulator(latency=(0, 0), faults={kind: 1.0})
    emulator.seed([trigger()])
    async with emulator as url:
        reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
        head = (
            "PUT /domains/acme/event-triggers/cart HTTP/1.1\r\nHost: x\r\nAuthorization:"
            f" {SIGNED}\r\n"
        )
        writer.write(f'{head}Content-Length: 22\r\n\r\n{{"Description": "new"}}'.encode())
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        with suppress(ConnectionResetError):
            await writer.wait_closed()
    assert len(emulator.applied()) == applied
    assert emulator.counts() == {"UpdateEventTrigger": {kind: 1}}


@pytest.mark.parametrize(("kind", "applied"), [("hang", 0), ("hang-after", 1)])
async def test_a_hang_never_answers_and_is_applied_only_when_it_comes_after(
    connect: Any, trigger: Trigger, kind: str, applied: int
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger()])
    emulator.script("UpdateEventTrigger", [kind])
    async with emulator as url:
        client = await connect(url, read_timeout=0.2)
        with pytest.raises(ReadTimeoutError):
            await client.update_event_trigger(**NAME, Description="new")
        assert len(emulator.applied()) == applied
        await client.update_event_trigger(**NAME, Description="newer")
    assert (emulator.trigger("acme", "cart") or {})["Description"] == "newer"


async def test_leaving_stops_at_once_even_with_requests_that_hang(
    connect: Any, trigger: Trigger
) -> None:
    emulator = Emulator(latency=(0, 0), faults={"hang": 1.0})
    emulator.seed([trigger()])
    async with emulator as url:
        client = await connect(url)
        hanging = [asyncio.create_task(client.get_event_trigger(**NAME)) for _ in range(5)]
        await until(lambda: len(emulator.calls()) >= 5)
        left_at = time.monotonic()
    assert time.monotonic() - left_at < 1
    ended = await asyncio.gather(*hanging, return_exceptions=True)
    assert all(
        isinstance(error, ConnectionClosedError | EndpointConnectionError) for error in ended
    )


async def test_a_body_over_the_limit_is_refused_as_too_large() -> None:
    async with Emulator(latency=(0, 0)) as url:
        status, code, _ = await send(url, body=io.BytesIO(b" " * (MAX_BODY + 1)))
    assert (status, code) == (413, "RequestEntityTooLargeException")
