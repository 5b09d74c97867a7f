"""aiobotocore and aiolimiter alone: URL UPDATES RATE BURST, which have to be known."""

import asyncio
import sys

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiolimiter import AsyncLimiter

from benchmarks.common import update

CONNECTIONS = 64  # as many as batcher has


async def main(url: str, updates: int, rate: float, burst: float) -> None:
    limiter = AsyncLimiter(burst, burst / rate)
    config = AioConfig(max_pool_connections=CONNECTIONS)
    async with get_session().create_client(
        "customer-profiles", endpoint_url=url, config=config
    ) as client:

        async def send(number: int) -> None:
            async with limiter:
                await client.update_event_trigger(**update(number))

        answers = await asyncio.gather(
            *(send(number) for number in range(updates)), return_exceptions=True
        )
    failed = [answer for answer in answers if answer is not None]
    if failed:
        print(f"{len(failed)} of {updates} raised, the first: {failed[0]}", file=sys.stderr)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
