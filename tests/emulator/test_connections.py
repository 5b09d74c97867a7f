"""Connections that are reset, and that hang."""

import asyncio
import io
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from batcher.emulator import Emulator
from batcher.emulator.connections import MAX_BODY, Connections
from tests.emulator.raw_http import SIGNED, send
from tests.waiting import until

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


async def test_a_call_that_ends_as_its_time_to_end_runs_out_shows_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    async def handler(request: web.BaseRequest) -> web.Response:
        answered = loop.create_future()
        loop.call_later(0.04, answered.set_result, None)
        begun.set()
        await answered
        return web.Response()

    connections = Connections(handler)
    runner = web.ServerRunner(connections)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await begun.wait()
    ending = asyncio.create_task(connections.shutdown(0.08))
    for _ in range(3):
        await asyncio.sleep(0)
    both_due = loop.time() + 0.1
    while loop.time() < both_due:  # so that they are at once
        pass
    await ending
    await runner.cleanup()
    writer.close()
    assert [record.getMessage() for record in caplog.records] == []


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


async def test_a_page_of_elsewhere_reaches_nothing() -> None:
    async with Emulator(latency=(0, 0)) as url, aiohttp.ClientSession() as session:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            for path in ("/_emulator/state", "/_emulator/faults", "/domains"):
                async with session.get(url + path, headers=headers) as answer:
                    assert answer.status == 403
        async with session.post(url + "/_emulator/script", headers={"Origin": "null"}) as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"hello\r\n\r\n",
        b"PUT /_emulator/faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n[",
        b"PUT /_emulator/faults HTTP/1.1\r\nHost: localhost\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz",
        b"PUT /_emulator/faults HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
        b"Content-Length: 4\r\n\r\nabcd",
        b"PUT /_emulator/quota HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
        + b"[" * 100000,
        b"PUT /_emulator/quota HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n"
        b'{"rate":1e9}',
        b"PUT /_emulator/latency HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21\r\n\r\n"
        b'{"seconds":[-1,"a"]} ',
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n\xff\xfe&",
        b"GET /_emulator/state HTTP/1.1\r\n\r\n",
    ],
)
async def test_garbage_is_never_answered_with_500(garbage: bytes) -> None:
    async with Emulator(latency=(0, 0)) as url:
        reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
        writer.write(garbage)
        status = int((await reader.readline()).split()[1])
        writer.close()
    assert status in (200, 400, 403), "a quota of that size may be taken"
    assert status == 400 or garbage.startswith((b"PUT /_emulator/quota", b"POST / "))


async def test_a_client_that_says_nothing_is_closed() -> None:
    handled: list[Any] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        handled.append(request)
        return web.Response()

    connections = Connections(handle, silent_at_most=0.1)
    runner = web.ServerRunner(connections)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for said in (b"", b"GET /healthz HT"):
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        writer.write(said)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""  # the end, and within the test's time
        writer.close()
    await runner.cleanup()
    assert not handled
