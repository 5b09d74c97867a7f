"""What hooks are told of a worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.accounting.tally import Tally
from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.engine.breaker_gate import Away
from batcher.errors import HookError
from batcher.logs import logger
from batcher.records import Result
from batcher.worker.worker_events import WorkerEvents
from tests.hooks.test_cloud_event import check_event

FAILED = Result.invalid(7, "default", "SECRET", "2026-01-01T00:00:00.000Z")


def events_of(command: str, *, before: bool = False) -> tuple[WorkerEvents, Tally]:
    on = ["started"] if before else ["started", "first_failure", "breaker_opened", "ended"]
    hook = {"on": on, "command": command, "before": before}
    settings, tally = resolve({"hooks": [hook], "label": "team=crm"}), Tally()
    return WorkerEvents(settings, "sqs:updates", tally, SystemClock(), logger()), tally


async def test_a_worker_tells_of_its_start_first_failure_and_end_whatever_ends_it(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told"
    events, tally = events_of(f"tee -a {told}")

    async def work() -> None:
        async with events.at_work():
            for _ in range(2):
                tally.add(FAILED)
                events.settled(FAILED)
            events.away(Away(target="eu", seconds=3.0, code="ServiceUnavailable"))
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    found = [check_event(line) for line in told.read_bytes().splitlines()]
    names = [each["type"].removeprefix("batcher.worker.") for each in found]
    assert names == ["started", "first_failure", "breaker_opened", "ended"]
    assert {each["subject"] for each in found} == {"sqs:updates"}
    assert [each["data"]["counts"]["invalid"] for each in found] == [0, 1, 2, 2]
    assert found[1]["data"]["failure"]["line"] == 7
    assert found[2]["data"]["breaker"] == {"target": "eu", "code": "ServiceUnavailable"}
    assert found[0]["data"]["labels"] == {"team": "crm"}
    assert "SECRET" not in told.read_text()


async def test_a_before_hook_keeps_a_worker_from_starting() -> None:
    events, _ = events_of("false", before=True)
    begun: list[Callable[..., object]] = []

    async def work() -> None:
        async with events.at_work():
            begun.append(work)

    with pytest.raises(HookError, match="at started"):
        await work()
    assert not begun
