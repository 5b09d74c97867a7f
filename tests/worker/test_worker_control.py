"""What ``batcher ctl`` shows of a worker, and its stop."""

import signal

import msgspec

from batcher.clock import SystemClock
from batcher.control.messages import REPLY_AT_MOST
from batcher.engine.pace_control import PaceControl
from batcher.logs import logger
from batcher.operations import UPDATE_TRIGGER
from batcher.records import Counts, Depth, Result
from batcher.signals import received_signals
from batcher.status.snapshot import LaneSnapshot
from batcher.worker.health import Health
from batcher.worker.worker_control import WorkerAtWork
from batcher.worker.worker_status import WorkerStatus


async def test_a_worker_tells_its_counts_and_stops_by_the_signal_of_its_supervisor() -> None:
    health, clock = Health(logger(), grace=1.0), SystemClock()
    status = WorkerStatus("spool:s", health, clock, PaceControl(clock))
    status.count(Result.invalid(1, "default", "m", clock.wall()))
    at_work = WorkerAtWork(status, health)
    told = at_work.status()
    assert told["progress"] == "1 done, 1 failed since the start, not ready: it is starting"
    assert (told["queue"], told["lanes"]) == ("spool:s", ())
    status.depth = Depth(waiting=1_200, held=0, dead=1)
    progress = at_work.status()["progress"]
    assert progress.startswith("1 done, 1 failed since the start, 1,200 waiting, 1 dead letter ")
    assert progress.endswith(" ago, not ready: it is starting"), "nobody has asked so far"
    with received_signals(signal.SIGTERM) as received:
        at_work.stop()
        async for number in received:
            assert number == signal.SIGTERM
            break
    health.stop.set()
    assert at_work.stopping


async def test_of_very_many_targets_so_many_are_told_as_a_reply_can_have() -> None:
    health, clock = Health(logger(), grace=1.0), SystemClock()
    status = WorkerStatus("spool:s", health, clock, PaceControl(clock))
    for number in range(5_000):
        health.mark_target(f"{number:0128}", "no credentials: " + "x" * 100)
    status.lanes = lambda: [
        LaneSnapshot(target=f"{number:0128}", operation=UPDATE_TRIGGER, counts=Counts())
        for number in range(5_000)
    ]
    told = WorkerAtWork(status, health).status()
    assert len(msgspec.json.encode(told)) < REPLY_AT_MOST
    assert (len(told["lanes"]), told["more_targets"], told["more_well"]) == (1_000, 4_000, 0)
    assert len(told["progress"]) < 1_000
    assert told["progress"].endswith("; and 4,995 more targets that can't be used")


async def test_of_targets_with_long_names_and_reasons_as_many_are_told_as_fit() -> None:
    health, clock = Health(logger(), grace=1.0), SystemClock()
    status = WorkerStatus("spool:s", health, clock, PaceControl(clock))
    for number in range(1_000):
        health.mark_target(f"{number:04}" + "é" * 124, "no credentials: " + "x" * 1_000)
    told = WorkerAtWork(status, health).status()
    assert len(msgspec.json.encode(told)) < REPLY_AT_MOST
    assert (len(told["unusable"]), told["more_targets"]) == (500, 500)
    health.mark_unhealthy("queue", "x" * REPLY_AT_MOST)
    health.mark_target("t", "x" * REPLY_AT_MOST)
    assert len(msgspec.json.encode(WorkerAtWork(status, health).status())) < REPLY_AT_MOST
