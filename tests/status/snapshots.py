"""A worker as it may be when it is asked. No assertions here."""

from typing import Any

from batcher.records import Counts, Depth, Error, Result
from batcher.status.snapshot import LaneSnapshot, WorkerSnapshot


def failure(id: str = "row-1", **more: Any) -> Result:
    given: dict[str, Any] = {
        "id": id,
        "line": 1,
        "target": "prod",
        "domain": "acme",
        "trigger": "cart",
        "status": "failed",
        "error": Error(code="BadRequestException", message="no such segment", http_status=400),
        "started_at": "2026-01-01T00:00:00.000Z",
        "finished_at": "2026-01-01T00:00:01.000Z",
    }
    return Result(**(given | more))


def snapshot(**more: Any) -> WorkerSnapshot:
    given: dict[str, Any] = {
        "ready": True,
        "alive": True,
        "queue": "sqs:updates.fifo",
        "worker": "host-1:7",
        "started_at": "2026-01-01T00:00:00.000Z",
        "heartbeat_at": 1767225600.5,
        "files_waiting": 4,
        "depth": Depth(waiting=1234, held=5, dead=2, oldest_seconds=61.5),
        "lanes": (
            LaneSnapshot(
                target="prod",
                operation="UpdateEventTrigger",
                rate=48.5,
                quota=50.0,
                in_flight=3,
                waiting=7,
                token_seconds=12.25,
                counts=Counts(succeeded=90, failed=1, in_doubt=2),
            ),
            LaneSnapshot(target="prod", operation="GetEventTrigger", no_images="--no-before"),
        ),
        "recent": (failure(), failure("row-2", status="succeeded", error=None)),
    }
    return WorkerSnapshot(**(given | more))
