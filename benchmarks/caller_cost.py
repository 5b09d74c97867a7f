"""CPU µs of one call of UpdateEventTrigger by several callers, side by side against one server.

Ours (lean), the SDK as we have tuned it, bare aiobotocore, boto3 in threads; and what a signature
costs. Nothing of the engine is in it: no quota, no journal; and of the server nothing either.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import boto3
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from batcher.aws.signature import Signer
from batcher.config import resolve
from batcher.operations import UPDATE_TRIGGER
from batcher.wiring.targets import TargetConnector
from benchmarks.answering_server import answering_server
from benchmarks.common import update

ROUNDS, CALLS, CONCURRENCY, SIGNATURES = 5, 1500, 16, 20_000
REGION = "eu-west-1"

Call = Callable[[dict[str, Any]], Awaitable[Any]]


async def over(call: Call) -> float:
    """CPU seconds of a call, of as many loops as there are connections."""
    numbers = iter(range(CALLS))

    async def loop() -> None:
        for number in numbers:
            await call(update(number))

    began = time.process_time()
    await asyncio.gather(*(loop() for _ in range(CONCURRENCY)))
    return (time.process_time() - began) / CALLS


async def target(stack: AsyncExitStack, url: str, transport: str) -> Call:
    settings = resolve({"endpoint_url": url, "region": REGION, "transport": transport})
    opened = await stack.enter_async_context(TargetConnector(settings).target("default"))

    async def call(members: dict[str, Any]) -> None:
        assert (await opened.call(UPDATE_TRIGGER, members)).code is None

    return call


async def bare(stack: AsyncExitStack, url: str) -> Call:
    config = AioConfig(max_pool_connections=CONCURRENCY, retries={"total_max_attempts": 1})
    client = await stack.enter_async_context(
        get_session().create_client(
            "customer-profiles", endpoint_url=url, region_name=REGION, config=config
        )
    )

    async def call(members: dict[str, Any]) -> None:
        await client.update_event_trigger(**members)

    return call


def threads(url: str) -> float:
    config = Config(max_pool_connections=CONCURRENCY, retries={"total_max_attempts": 1})
    client = boto3.client("customer-profiles", endpoint_url=url, region_name=REGION, config=config)
    client.update_event_trigger(**update(0))
    began = time.process_time()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(lambda number: client.update_event_trigger(**update(number)), range(CALLS)))
    return (time.process_time() - began) / CALLS


def signing() -> float:
    signer, keys = Signer(REGION, "profile"), ReadOnlyCredentials("AKID", "s" * 40, "t" * 400, None)
    request, names = "x" * 900, "content-type;host;x-amz-date;x-amz-security-token"
    began = time.process_time()
    for _ in range(SIGNATURES):
        signer.authorization(keys, "20261127T000000Z", request, names)
    return (time.process_time() - began) / SIGNATURES


async def main() -> None:
    async with answering_server() as url, AsyncExitStack() as stack:
        callers = {
            "lean": await target(stack, url, "lean"),
            "SDK, tuned": await target(stack, url, "sdk"),
            "aiobotocore, bare": await bare(stack, url),
        }
        for call in callers.values():
            await over(call)  # first connections
        found: dict[str, list[float]] = {name: [] for name in [*callers, "boto3, threads"]}
        for _ in range(ROUNDS):
            for name, call in callers.items():
                found[name].append(await over(call))
            found["boto3, threads"].append(await asyncio.to_thread(threads, url))
    for name, each in found.items():
        ratio = statistics.median(a / b for a, b in zip(found["lean"], each, strict=True))
        median = statistics.median(each)
        print(f"{name:18} {median * 1e6:6.0f} µs of CPU a call; lean is {ratio:.3f} of it")
    print(f"signing            {statistics.median(signing() for _ in range(5)) * 1e6:6.1f} µs")


asyncio.run(main())
