"""CPU seconds per update of update_many, of whichever batcher is on the path: URL N ROUNDS."""

import asyncio
import sys
import time

import batcher
from batcher.config import Settings

# what is the same work in both: no look at each trigger, where one is the default by now
PLAIN = {"whole": "never"} if "whole" in Settings.__struct_fields__ else {}


def update(number: int) -> dict[str, object]:
    return {"DomainName": "acme", "EventTriggerName": f"t{number % 200}", "Description": "changed"}


async def main(url: str, count: int, rounds: int) -> None:
    for _ in range(rounds):
        began = time.process_time()
        batch = await batcher.update_many(
            [update(number) for number in range(count)],
            endpoint_url=url,
            rate=1e6,
            burst=1e5,
            concurrency=16,
            **PLAIN,
        )
        batch.raise_for_failures()
        print((time.process_time() - began) / count, flush=True)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
