"""What holds a process up from outside while it works: its hold file and its timetable."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from batcher.config import Settings
from batcher.control.hold_file import HoldFile
from batcher.control.timetable_watch import TimetableWatch
from batcher.engine.pace_control import PaceControl
from batcher.task_groups import open_task_group


@asynccontextmanager
async def watching(
    settings: Settings, control: PaceControl, log: FilteringBoundLogger
) -> AsyncIterator[None]:
    """Hold a process to its hold file and its timetable while entered, from the beginning on."""
    watches: list[HoldFile | TimetableWatch] = []
    if settings.hold_file is not None:
        watches.append(HoldFile(Path(settings.hold_file), control, log))
    if settings.timetable is not None:
        watches.append(TimetableWatch(settings.timetable, settings.zone, control, log))
    try:
        for watch in watches:
            await watch.look()
        async with open_task_group() as tasks:
            for watch in watches:
                tasks.start_soon(watch.run)
            yield
            tasks.cancel_scope.cancel()
    finally:
        for watch in watches:
            watch.let_go()
