"""A worker as its control socket shows it, and what that may tell it."""

from typing import Any

import msgspec

from batcher.signals import stop_this_process
from batcher.worker.health import Health
from batcher.worker.worker_status import WorkerStatus

TARGETS_TOLD = 1_000  # what is said of them has to fit a reply


class WorkerAtWork:
    """A worker that drains its queue."""

    def __init__(self, status: WorkerStatus, health: Health) -> None:
        self._status = status
        self._health = health

    @property
    def stopping(self) -> bool:
        return self._health.stop.is_set()

    def status(self) -> dict[str, Any]:
        """Its snapshot, as JSON, without its latest results, and with so many targets at most."""
        found = msgspec.structs.replace(self._status.snapshot().brief(TARGETS_TOLD), recent=())
        tally = self._status.tally
        ready = "ready" if found.reason is None else f"not ready: {found.reason}"
        progress = f"{tally.done:,} done, {tally.unsuccessful:,} failed, {ready}"
        return {"progress": progress, **msgspec.to_builtins(found)}

    def stop(self) -> None:
        stop_this_process()
