"""What a worker shows of itself: ready only when all of it is, alive while its loop turns."""

from itertools import cycle
from typing import cast

import anyio
import pytest

from batcher.clock import SystemClock
from batcher.config.value_kinds import DEFAULT_LEASE
from batcher.engine.pace_control import PaceControl
from batcher.errors import QueueError
from batcher.logs import logger
from batcher.ports import QueueAdmin
from batcher.queues.sqs import POLL
from batcher.records import Depth
from batcher.status.page import FAILURES
from batcher.status.snapshot import LaneSnapshot
from batcher.testing import in_virtual_time
from batcher.worker.health import Health
from batcher.worker.worker_status import DEPTH_EVERY, WorkerStatus
from tests.status.snapshots import failure

DEPTH = Depth(waiting=3, held=2, dead=1)


class Admin:
    """A QueueAdmin that answers with what it was given, in turn, and then the same again."""

    def __init__(self, *answers: Depth | Exception) -> None:
        self._answers = cycle(answers)

    async def depth(self) -> Depth:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def status_of(health: Health) -> WorkerStatus:
    return WorkerStatus("sqs:updates", health, clock := SystemClock(), PaceControl(clock))


def test_it_is_ready_when_it_has_started_nothing_is_unhealthy_and_it_is_not_stopping() -> None:
    health = Health(logger(), grace=1.0)
    status = status_of(health)

    def shown() -> tuple[bool, str | None]:
        now = status.snapshot()
        return now.ready, now.reason

    assert shown() == (False, "it is starting")
    health.mark_started()
    assert shown() == (True, None)
    health.mark_unhealthy("queue", "no answer")
    health.mark_unhealthy("target a", "no connection")
    assert shown() == (False, "no answer; no connection")
    health.mark_healthy("queue")
    health.mark_healthy("target a")
    assert shown() == (True, None)
    health.stop.set()
    assert shown() == (False, "it is stopping")


def test_results_are_counted_and_the_latest_failures_are_shown_newest_first() -> None:
    status = status_of(Health(logger(), grace=1.0))
    status.count(failure("fine", status="succeeded", error=None))
    for number in range(FAILURES + 5):
        status.count(failure(str(number)))
    now = status.snapshot()
    assert [result.id for result in now.recent] == [
        str(number) for number in range(FAILURES + 4, 4, -1)
    ]
    assert status.tally.done == FAILURES + 6
    exposed = status.metrics.exposition(now).decode()
    assert f'batcher_updates_total{{status="failed",target="prod"}} {FAILURES + 5}.0' in exposed


def test_lanes_and_waiting_files_are_those_of_the_moment() -> None:
    status = status_of(Health(logger(), grace=1.0))
    assert (status.snapshot().lanes, status.snapshot().files_waiting) == ((), None)
    lanes = [LaneSnapshot(target="prod", operation="UpdateEventTrigger")]
    status.lanes, status.files_waiting = lambda: lanes, lambda: 7
    assert (status.snapshot().lanes, status.snapshot().files_waiting) == (tuple(lanes), 7)


@pytest.mark.parametrize("error", [QueueError("away"), OSError("gone")])
def test_a_depth_that_can_not_be_had_is_none_until_the_queue_answers_again(
    error: Exception,
) -> None:
    async def work() -> None:
        status = status_of(Health(logger(), grace=1.0))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(status.watch_depth, cast(QueueAdmin, Admin(DEPTH, error)))
            for depth in (DEPTH, None, DEPTH):
                await anyio.sleep(0.1)
                assert status.snapshot().depth == depth
                await anyio.sleep(DEPTH_EVERY - 0.1 + 1e-3)
            tasks.cancel_scope.cancel()

    in_virtual_time(work())


def test_a_worker_with_nothing_to_do_asks_sqs_as_often_as_is_said() -> None:
    assert DEFAULT_LEASE // 3 >= POLL, "a shorter lease has shorter polls"
    assert 86_400 / POLL + 2 * 86_400 / DEPTH_EVERY == 28_800
