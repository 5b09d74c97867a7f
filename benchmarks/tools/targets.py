"""One call of batcher for several targets: {NAME: [UPDATES, SETTINGS]} as JSON."""

import asyncio
import json
import sys

import batcher
from benchmarks.common import update


async def main(work: dict[str, tuple[int, dict[str, object]]]) -> None:
    updates = (
        update(number) | {"target": name}
        for name, (count, _) in work.items()
        for number in range(count)
    )
    await batcher.update_many(
        updates, targets={name: settings for name, (_, settings) in work.items()}
    )


asyncio.run(main(json.loads(sys.argv[1])))
