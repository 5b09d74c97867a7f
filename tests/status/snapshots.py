"""A worker as it may be when it is asked. No assertions here."""

from typing import Any

from batcher.records import Counts, Depth, Error, FleetMember, Result
from batcher.status.history import EVERY, History, Moment, Totals
from batcher.status.snapshot import (
    LaneSnapshot,
    LetterSnapshot,
    RecordedFailure,
    WorkerSnapshot,
)


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


def recorded(id: str = "row-1", number: int = 1, **more: Any) -> RecordedFailure:
    return RecordedFailure(
        number=number, record=failure(id, **more), file="20260101T000000Z-a.jsonl", line=number
    )


def moments(count: int = 3, at: float = 1767225600.0) -> tuple[Moment, ...]:
    """That many of the last hour, the newest at that time."""
    history = History()
    lane = LaneSnapshot(target="prod", operation="UpdateEventTrigger", rate=48.5, quota=50.0)
    for each in range(count + 1):
        totals = Totals(requests=800 * each, throttles=each // 2, results={"succeeded": 700 * each})
        depth = Depth(waiting=1000 - each, held=5, dead=2, oldest_seconds=60.0 + each)
        history.note(EVERY * each, at - EVERY * (count - each), totals, [lane], depth)
    return history.moments


def snapshot(**more: Any) -> WorkerSnapshot:
    given: dict[str, Any] = {
        "ready": True,
        "alive": True,
        "queue": "sqs:updates.fifo",
        "worker": "host-1:7",
        "started_at": "2026-01-01T00:00:00.000Z",
        "heartbeat_at": 1767225600.5,
        "files_waiting": 4,
        "sent": 40.0,
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
        "counts": Counts(total=93, succeeded=90, failed=1, in_doubt=2),
        "recent": (recorded(),),
        "version": "1.2.3",
        "uptime_seconds": 3725.0,
        "folder": "/var/results",
        "letters": (
            LetterSnapshot(
                name="row-9",
                target="prod",
                domain="acme",
                trigger="basket",
                code="Gone",
                reason="no such trigger",
            ),
        ),
        "members": (
            FleetMember(name="one:7:a", rate=16.5, silent_seconds=0.2, leads=True, is_self=True),
            FleetMember(name="two:8:b", rate=None, silent_seconds=75.0),
        ),
    }
    return WorkerSnapshot(**(given | more))
