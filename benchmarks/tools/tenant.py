"""Somebody else at the same bucket: URL RATE START STOP, the last two in monotonic seconds.

Sends evenly, and sends what is refused again after 0.1 to 0.4 s. Prints how many of its calls were
refused.
"""

import asyncio
import random
import sys
import time

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from benchmarks.common import TENANT, update


async def main(url: str, rate: float, start: float, stop: float) -> None:
    refused = 0
    config = AioConfig(retries={"total_max_attempts": 1}, max_pool_connections=64)
    async with get_session().create_client(
        "customer-profiles", endpoint_url=url, config=config
    ) as client:

        async def send(number: int) -> None:
            nonlocal refused
            while time.monotonic() < stop:
                try:
                    await client.update_event_trigger(**update(number) | {"SegmentFilter": TENANT})
                except ClientError:
                    refused += 1
                    await asyncio.sleep(random.uniform(0.1, 0.4))
                else:
                    return

        async with asyncio.TaskGroup() as tasks:
            for number in range(int((stop - start) * rate)):
                await asyncio.sleep(start + number / rate - time.monotonic())
                tasks.create_task(send(number))
    print(refused)


asyncio.run(main(sys.argv[1], *(float(word) for word in sys.argv[2:])))
