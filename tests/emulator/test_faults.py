"""Which call gets which fault, and what a client sees of those that answer."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batcher.emulator import Emulator, Quota
from batcher.emulator.faults import FAULTS, LatencyRange

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


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


def test_a_fault_that_applies_the_operation_takes_a_token() -> None:
    assert all(fault.takes_token for fault in FAULTS.values() if fault.applies)


def test_latency_is_drawn_between_its_bounds_and_can_change() -> None:
    latency = LatencyRange(0.02, 0.08, Random(1))
    drawn = [latency.draw() for _ in range(200)]
    assert 0.02 <= min(drawn) < 0.03 < 0.07 < max(drawn) <= 0.08
    latency.change(0.5, 0.5)
    assert latency.draw() == 0.5
    for low, high in ((-1, 1), (2, 1), (0, float("inf"))):
        with pytest.raises(ValueError, match="the lower one first"):
            latency.change(low, high)
