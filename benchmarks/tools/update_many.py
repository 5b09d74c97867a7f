"""batcher as a Python service calls it: URL UPDATES SETTINGS, the last one JSON."""

import asyncio
import json
import sys

import batcher
from benchmarks.common import update


async def main(url: str, updates: int, settings: dict[str, object]) -> None:
    await batcher.update_many(
        (update(number) for number in range(updates)), endpoint_url=url, **settings
    )


asyncio.run(main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])))
