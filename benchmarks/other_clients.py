"""Updates sent as one writes it without a tool: what the benchmarks compare with."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import boto3
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.config import Config

SERVICE, RETRIES = "customer-profiles", {"total_max_attempts": 1}


async def send_by_aiobotocore(
    updates: Iterable[dict[str, Any]], concurrency: int, **client: Any
) -> None:
    """A client, and as many loops as connections. ``client``: as it is made."""
    config = AioConfig(max_pool_connections=concurrency, retries=RETRIES)
    left = iter(updates)

    async def loop(opened: Any) -> None:
        for update in left:
            await opened.update_event_trigger(**update)

    made = get_session().create_client(SERVICE, config=config, **client)
    async with made as opened, anyio.create_task_group() as tasks:
        for _ in range(concurrency):
            tasks.start_soon(loop, opened)


def send_by_boto3(updates: Iterable[dict[str, Any]], concurrency: int, **client: Any) -> None:
    """A client, and as many threads as connections."""
    config = Config(max_pool_connections=concurrency, retries=RETRIES)
    opened = boto3.client(SERVICE, config=config, **client)
    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(lambda update: opened.update_event_trigger(**update), updates))
