"""A run from a terminal as its control socket shows it, and what that may tell it."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from batcher.cli.output.progress import as_json
from batcher.cli.output.progress_lines import one_line
from batcher.control.server import AT_WORK, serving
from batcher.control.watching import watching
from batcher.errors import ControlError
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_progress import ProgressMeter
from batcher.signals import stop_this_process


class RunAtWork:
    """A run that is sending, or waits for somebody's word."""

    def __init__(self, run: ApprovedRun, meter: ProgressMeter) -> None:
        self._run = run
        self._meter = meter

    @property
    def stopping(self) -> bool:
        return self._run.drained

    def status(self) -> dict[str, Any]:
        """Its progress and state; ``limits``: updates per second by its settings, by target."""
        targets = self._run.connection.targets
        found = self._meter.read(self._run.order.clock.now())
        return {
            "run": self._run.order.run_id,
            "process": f"{socket.gethostname()}:{os.getpid()}",
            "progress": one_line(found),
            "limits": {
                name: target.settings.ceiling
                for name, target in targets.items()
                if target.settings.ceiling is not None
            },
            **as_json(found),
            "state": found.waits_for or AT_WORK,
        }

    def stop(self) -> None:
        stop_this_process()


@asynccontextmanager
async def controlled(run: ApprovedRun, meter: ProgressMeter) -> AsyncIterator[None]:
    """Let a run be told to pause, to slow down, to stop, while entered.

    By its socket, its hold file and its timetable.
    """
    order, at_work = run.order, RunAtWork(run, meter)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watching(order.settings, order.control, order.log))
        try:
            server = serving(order.directory.control, at_work, order.control, order.log)
            await stack.enter_async_context(server)
        except ControlError as error:  # not every file system has sockets; the run goes on
            order.log.warning("control.unavailable", reason=str(error))
        yield
