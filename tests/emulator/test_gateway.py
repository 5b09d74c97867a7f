"""HTTP around the service."""

import time
from collections.abc import Callable
from random import Random
from typing import Any

from aiohttp import web

from batcher.emulator import Emulator
from batcher.emulator.errors import ServiceError
from batcher.emulator.faults import LatencyRange
from batcher.emulator.gateway import Gateway
from batcher.emulator.replies import Reply, refusal
from batcher.emulator.requests import HttpRequest
from tests.emulator.raw_http import CART, send

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


async def test_a_slow_call_is_answered_late(connect: Any, trigger: Trigger) -> None:
    emulator = Emulator(latency=(0, 0), slow_seconds=0.15, faults={"slow": 1.0})
    emulator.seed([trigger()])
    async with emulator as url:
        client = await connect(url)
        answer = await client.update_event_trigger(**NAME, Description="new")
    (call,) = emulator.calls()
    assert (answer["Description"], call.outcome) == ("new", "ok")
    assert time.monotonic() - call.time > 0.15


class Instant:
    """In place of a service: refuses every request at once."""

    def receive(self, received: HttpRequest, request_id: str) -> Reply:
        return refusal(ServiceError("AccessDenied", received.path), 403, request_id)


async def test_a_request_that_is_refused_on_arrival_waits_for_no_latency() -> None:
    latency = LatencyRange(3600, 3600, Random(0))
    gateway = Gateway(
        host="127.0.0.1",
        service=Instant(),
        sts=None,
        organizations=None,
        admin=None,
        latency=latency,
        slow_seconds=3600,
        random=Random(0),
    )
    runner = web.ServerRunner(gateway.open())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0]
        assert await send(f"http://{host}:{port}") == (403, "AccessDenied", CART)
    finally:
        await runner.cleanup()
