"""What ``batcher ctl`` shows of a worker, and its stop."""

import signal

from batcher.clock import SystemClock
from batcher.engine.pace_control import PaceControl
from batcher.logs import logger
from batcher.records import Result
from batcher.signals import received_signals
from batcher.worker.health import Health
from batcher.worker.worker_control import WorkerAtWork
from batcher.worker.worker_status import WorkerStatus


async def test_a_worker_tells_its_counts_and_stops_by_the_signal_of_its_supervisor() -> None:
    health, clock = Health(logger(), grace=1.0), SystemClock()
    status = WorkerStatus("spool:s", health, clock, PaceControl(clock))
    status.count(Result.invalid(1, "default", "m", clock.wall()))
    at_work = WorkerAtWork(status, health)
    told = at_work.status()
    assert told["progress"] == "1 done, 1 failed, not ready: it is starting"
    assert (told["queue"], told["lanes"]) == ("spool:s", ())
    with received_signals(signal.SIGTERM) as received:
        at_work.stop()
        async for number in received:
            assert number == signal.SIGTERM
            break
    health.stop.set()
    assert at_work.stopping
