"""How often a run of many targets looks through all that it holds, for garbage.

A full collection looks at each object: with a thousand targets that are millions, and nothing is
sent for a third of a second, every few seconds. What a run has made in its first seconds it keeps
to the end, so that is looked through once.
"""

import gc

from batcher.ports import Clock

MANY = 100  # targets: with fewer a collection takes some ten milliseconds
# seconds: by then connections are open, and each target has what it keeps
SETTLED = 6.0
# as ``gc.set_threshold`` has them: hardly anything a run drops is in a cycle
THRESHOLDS = 50_000, 50, 1_000


async def spare_what_lasts(targets: int, clock: Clock) -> None:
    """Wait until everything lasting is made, and leave it out of the collections that follow."""
    if targets < MANY:
        return
    await clock.sleep(SETTLED)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
