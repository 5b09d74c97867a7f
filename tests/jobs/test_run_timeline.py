"""What a run does over time is kept while it is at work, and never keeps it from that."""

from pathlib import Path

import anyio
import pytest

from batcher.accounting.tally import Tally
from batcher.engine.lane import Lane
from batcher.engine.pacing import Pacer
from batcher.jobs.run_timeline import EVERY, TimelineRecorder
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.timeline_file import read_timeline
from batcher.testing import ListSource, OpenLimiter


class Hurried:
    """A clock on which a pause takes no time, until so many seconds are over."""

    def __init__(self, until: float) -> None:
        self.seconds = 0.0
        self.pauses = 0
        self._until = until

    def now(self) -> float:
        return self.seconds

    def wall(self) -> str:
        return f"2026-01-01T00:00:{self.seconds:06.3f}Z"

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        await anyio.lowlevel.checkpoint()
        if self.seconds + seconds > self._until:
            self.seconds = self._until
            raise anyio.get_cancelled_exc_class()
        self.seconds += seconds


def lane(clock: Clock, name: str) -> Lane:
    pacer = Pacer(OpenLimiter(), 4, clock)
    source = ListSource([], looks_back=False)
    return Lane(target=name, source=source, pacer=pacer, settler=None, tally=Tally())


async def until_its_end(recorder: TimelineRecorder) -> None:
    with pytest.raises(anyio.get_cancelled_exc_class()):
        await recorder.record()


async def test_each_lane_that_did_something_has_a_sample_every_few_seconds_and_a_last_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "timeline.jsonl"
    path.write_bytes(b'{"torn')
    clock = Hurried(until=5.0)
    busy, idle = lane(clock, "busy"), lane(clock, "idle")

    def lanes() -> list[Lane]:
        busy.tally.session_answered += 10
        busy.tally.session_throttles += 1
        return [busy, idle]

    known = EstimatedQuota(rate=30.0, doubt=0.1)
    await until_its_end(TimelineRecorder(path, lanes, lambda _: known, clock))
    found = list(read_timeline(path))
    assert [(each.target, each.seconds) for each in found] == [
        ("busy", 2),
        ("busy", 2),
        ("busy", 1),
    ]
    assert [(each.answered, each.throttles) for each in found] == [(10, 1)] * 3
    assert {each.quota for each in found} == {30.0}


async def test_a_quota_of_which_nothing_was_measured_is_not_told(tmp_path: Path) -> None:
    path, clock = tmp_path / "timeline.jsonl", Hurried(until=1.0)
    busy = lane(clock, "busy")
    busy.pacer.in_flight = 1
    guess = EstimatedQuota(rate=1.0)
    await until_its_end(TimelineRecorder(path, lambda: [busy], lambda _: guess, clock))
    assert [(each.in_flight, each.quota) for each in read_timeline(path)] == [(1, None)]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_the_longer_a_run_is_at_work_the_fewer_samples_it_keeps(tmp_path: Path) -> None:
    clock, path = Hurried(until=7 * 86_400.0), tmp_path / "timeline.jsonl"
    await until_its_end(TimelineRecorder(path, tuple, lambda _: EstimatedQuota(rate=1.0), clock))
    assert 1000 < clock.pauses < 8000


async def test_the_more_targets_the_longer_it_is_from_one_sample_of_each_to_the_next(
    tmp_path: Path,
) -> None:
    clock = Hurried(until=100.0)
    many = [lane(clock, f"t{number}") for number in range(1000)]
    path = tmp_path / "timeline.jsonl"
    quota = EstimatedQuota(rate=1.0)
    await until_its_end(TimelineRecorder(path, lambda: many, lambda _: quota, clock))
    assert clock.pauses == 1 + (100 - EVERY) // 10 + 1


async def test_where_its_file_can_not_be_written_there_is_none(tmp_path: Path) -> None:
    path, clock = tmp_path / "timeline.jsonl", Hurried(until=1e9)
    path.mkdir()
    await TimelineRecorder(path, tuple, lambda _: EstimatedQuota(rate=1.0), clock).record()
    assert clock.pauses == 0
