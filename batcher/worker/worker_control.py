"""A worker as its control socket shows it, and what that may tell it."""

from typing import Any

import msgspec

from batcher.control.messages import REPLY_AT_MOST
from batcher.foreign_text import shortened
from batcher.number_text import duration, several
from batcher.records import Depth
from batcher.signals import stop_this_process
from batcher.worker.health import Health
from batcher.worker.worker_status import WorkerStatus

TARGETS_TOLD = 1_000
REASON_AT_MOST = 5_000  # characters
NEWS = 3.0  # seconds for which the depth of the queue is that of now
FOR_THE_REST = 1 << 16  # bytes of a reply for what else is told


class WorkerAtWork:
    """A worker that drains its queue."""

    def __init__(self, status: WorkerStatus, health: Health) -> None:
        self._status = status
        self._health = health

    @property
    def stopping(self) -> bool:
        return self._health.stop.is_set()

    def status(self) -> dict[str, Any]:
        """Its snapshot, as JSON, without its latest results, and with as many targets as fit."""
        now = self._status.snapshot()
        reason = None if now.reason is None else shortened(now.reason, REASON_AT_MOST)
        whole = msgspec.structs.replace(now, recent=(), reason=reason)
        found, at_most = whole.brief(TARGETS_TOLD), TARGETS_TOLD
        while at_most and len(msgspec.json.encode(found)) > REPLY_AT_MOST - FOR_THE_REST:
            at_most //= 2
            found = whole.brief(at_most)
        tally = self._status.tally
        ready = "ready" if found.reason is None else f"not ready: {found.reason}"
        counts = f"{tally.done:,} done, {tally.unsuccessful:,} failed since the start"
        progress = f"{counts}, {_depth(found.depth, self._status.depth_age)}{ready}"
        return {"progress": progress, **msgspec.to_builtins(found)}

    def stop(self) -> None:
        stop_this_process()


def _depth(depth: Depth | None, age: float) -> str:
    """In words, what the queue has, or had; nothing where it could not be asked."""
    if depth is None:
        return ""
    dead = f", {several(depth.dead, 'dead letter')}" if depth.dead else ""
    when = f" {duration(age)} ago" if age > NEWS else ""
    return f"{depth.waiting:,} waiting{dead}{when}, "
