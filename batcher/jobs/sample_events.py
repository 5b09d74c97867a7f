"""The job that writes events for the triggers of a file, which touch the bounds of each condition.

They show what a change of these bounds does; how often such events come, they do not.
"""

from pathlib import Path

import msgspec

from batcher.clock import SystemClock
from batcher.errors import InputError
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected
from batcher.jobs.simulate import SimulationOrder
from batcher.jobs.simulated_definitions import simulated_definitions
from batcher.storage.atomic_file import AtomicFile
from batcher.triggers.semantics.compiled_triggers import MATCHING, lacking_members
from batcher.triggers.semantics.sample_events import SampleEvents
from batcher.triggers.semantics.zones import SECOND


async def write_sample_events(
    file: CheckedFile,
    order: SimulationOrder,
    out: Path,
    *,
    replace: bool = False,
    on_connected: OnConnected | None = None,
) -> int:
    """Write events for each trigger of a file, as it is and as the updates make it; how many.

    Their times begin now. Raises InputError where no trigger is known well enough,
    OutputExistsError, OutputError, and of live triggers what ``plan_changes`` raises.
    """
    file.refuse_unusable()
    found = await simulated_definitions(file, order.current, order.options, on_connected)
    sample = SampleEvents(order.options, order.mapping, int(SystemClock().epoch()) * SECOND)
    written = 0
    with AtomicFile(out, replace=replace) as kept:
        for definition in (members for each in found for members in (each.old, each.new)):
            if definition is None or lacking_members(definition):
                continue
            for line in sample.of(definition):
                kept.write(msgspec.json.encode(line) + b"\n")
                written += 1
        if not written:
            raise InputError(
                f"{file.origin}: nothing to make events of: the triggers' {' and '.join(MATCHING)}"
                " are not known. Give the triggers as they are: --current."
            )
        kept.commit()
    return written
