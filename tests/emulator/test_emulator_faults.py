"""Every fault, as a client sees it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from batcher.emulator import Emulator, Quota
from tests.waiting import until

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/profile/aws4_request, SignedHeaders=host,"
    " Signature=0a"
)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("internal", 500, "InternalServerException"),
        ("throttle", 429, "ThrottlingException"),
        ("throttle-untyped", 429, "429"),
        ("unavailable-html", 503, "503"),
        ("expired-token", 403, "ExpiredTokenException"),
        ("access-denied", 403, "AccessDeniedException"),
    ],
)
async def test_an_answering_fault_has_its_status_and_code_and_applies_nothing(
    connect: Any, trigger: Trigger, kind: str, status: int, code: str
) -> None:
    emulator = Emulator(latency=(0, 0), faults={kind: 1.0})
    emulator.seed([trigger()])
    async with emulator as url:
        client = await connect(url)
        with pytest.raises(ClientError) as refused:
            await client.update_event_trigger(**NAME, Description="new")
    answer = refused.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    assert ("x-amzn-errortype" in answer["ResponseMetadata"]["HTTPHeaders"]) == (not code.isdigit())
    assert (emulator.applied(), emulator.counts()["UpdateEventTrigger"]) == (
        [],
        {code if not code.isdigit() else kind: 1},
    )


@pytest.mark.parametrize(("kind", "applied"), [("reset-before", 0), ("reset-after", 1)])
async def test_a_reset_is_a_reset_and_applied_only_when_it_comes_after(
    trigger: Trigger, kind: str, applied: int
) -> None:
    """Over a plain socket: aiohttp's client sends a PUT once more after a reset, whatever
    retries are set.
    """
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


async def test_a_slow_call_is_answered_late(connect: Any, trigger: Trigger) -> None:
    emulator = Emulator(latency=(0, 0), slow_seconds=0.15, faults={"slow": 1.0})
    emulator.seed([trigger()])
    async with emulator as url:
        client = await connect(url)
        answer = await client.update_event_trigger(**NAME, Description="new")
    (call,) = emulator.calls()
    assert (answer["Description"], call.outcome) == ("new", "ok")
    assert time.monotonic() - call.time > 0.15


async def test_scripted_faults_come_first_and_in_order_and_for_their_operation_only(
    connect: Any, trigger: Trigger
) -> None:
    emulator = Emulator(latency=(0, 0), faults={"access-denied": 1.0})
    emulator.seed([trigger()])
    emulator.script("UpdateEventTrigger", [None, "throttle", "internal"])
    async with emulator as url:
        client = await connect(url)
        seen = []
        for call in (client.get_event_trigger, *[client.update_event_trigger] * 4):
            try:
                await call(**NAME)
                seen.append("ok")
            except ClientError as error:
                seen.append(error.response["Error"]["Code"])
    assert seen == [
        "AccessDeniedException",
        "ok",
        "ThrottlingException",
        "InternalServerException",
        "AccessDeniedException",
    ]


async def test_faults_take_tokens_but_throttles_take_none(connect: Any, trigger: Trigger) -> None:
    quota = Quota(rate=0.001, burst=2)
    emulator = Emulator(latency=(0, 0), quotas={"UpdateEventTrigger": quota})
    emulator.seed([trigger()])
    emulator.script(
        "UpdateEventTrigger", ["throttle", "throttle-untyped", "internal", None, "internal"]
    )
    async with emulator as url:
        client = await connect(url)
        for _ in range(5):
            with pytest.raises(ClientError):
                await client.update_event_trigger(**NAME, SegmentFilter="not a name")
    assert [call.outcome for call in emulator.calls()] == [
        "ThrottlingException",
        "throttle-untyped",
        "InternalServerException",
        "BadRequestException",
        "ThrottlingException",  # the bucket is empty; what is scripted waits
    ]


async def test_the_same_random_seed_gives_the_same_faults(connect: Any, trigger: Trigger) -> None:
    async def outcomes(random_seed: int) -> list[str]:
        emulator = Emulator(
            latency=(0, 0), faults={"internal": 0.3, "throttle": 0.2}, random_seed=random_seed
        )
        emulator.seed([trigger()])
        async with emulator as url:
            client = await connect(url)
            for _ in range(40):
                await asyncio.gather(client.get_event_trigger(**NAME), return_exceptions=True)
        return [call.outcome for call in emulator.calls()]

    first = await outcomes(1)
    assert first == await outcomes(1) != await outcomes(2)
    assert {"ok", "InternalServerException", "ThrottlingException"} == set(first)


async def test_faults_by_probability_spare_what_is_no_event_trigger_operation(connect: Any) -> None:
    async with Emulator(latency=(0, 0), faults={"internal": 1.0}) as url:
        client = await connect(url)
        assert (await client.list_domains())["Items"] == []


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"meteor": 0.1}, "unknown fault 'meteor'; known are internal, throttle"),
        ({"internal": 1.5}, "not a probability"),
        ({"internal": 0.6, "hang": 0.6}, "more than 1"),
    ],
)
def test_faults_that_make_no_sense_are_refused(faults: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Emulator(faults=faults)
    with pytest.raises(ValueError, match=message):
        Emulator().set_faults(faults)
