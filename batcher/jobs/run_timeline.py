"""Keeps what a run does over time, for its report, while it is at work.

A run never fails for it: where its file can't be written, there is none.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from batcher.engine.lane import Lane
from batcher.engine.pacing import Pacer
from batcher.errors import JournalError
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.journal import Journal
from batcher.storage.timeline_file import TimelineSample

EVERY = 2.0  # seconds between samples, at first
LANES_A_SECOND = 100  # sampled at most: of a thousand each one every ten seconds
SAMPLES = 1000  # then as long as a session is old divided by this: it never grows large


class _Mark(Struct, frozen=True):
    """How far a lane was when it was sampled last; ``at``: monotonic seconds."""

    at: float
    answered: int = 0
    throttles: int = 0


class TimelineRecorder:
    """Samples the lanes of one part of a session. ``learned``: what a pacer knows of its quota."""

    def __init__(
        self,
        path: Path,
        lanes: Callable[[], Iterable[Lane]],
        learned: Callable[[Pacer], EstimatedQuota],
        clock: Clock,
    ) -> None:
        self._path = path
        self._lanes = lanes
        self._learned = learned
        self._clock = clock
        self._began = clock.now()
        self._marks: dict[str, _Mark] = {}

    async def record(self) -> None:
        """Keep a sample of each lane every few seconds, and a last one when it is cancelled."""
        with suppress(JournalError, OSError):
            async with Journal[TimelineSample](self._path) as journal:
                try:
                    while True:
                        await self._clock.sleep(self._pause())
                        self._add(journal)
                        await journal.flush()
                finally:
                    self._add(journal)

    def _pause(self) -> float:
        """Seconds to the next samples: the fewer, the longer the session and the more lanes."""
        age = self._clock.now() - self._began
        return max(EVERY, age / SAMPLES, len(self._marks) / LANES_A_SECOND)

    def _add(self, journal: Journal[TimelineSample]) -> None:
        for sample in self.samples():
            journal.add(sample)

    def samples(self) -> Iterator[TimelineSample]:
        """What each lane did since it was asked last, but for those that did nothing."""
        now, wall = self._clock.now(), self._clock.wall()
        for lane in self._lanes():
            tally, pacer = lane.tally, lane.pacer
            before = self._marks.get(lane.target, _Mark(self._began))
            mark = _Mark(now, tally.session_answered, tally.session_throttles)
            answered, throttles = (
                mark.answered - before.answered,
                mark.throttles - before.throttles,
            )
            self._marks[lane.target] = mark
            if not (answered or throttles or pacer.in_flight or pacer.waiting):
                continue
            known = self._learned(pacer)
            rate = pacer.limiter.rate
            yield TimelineSample(
                at=wall,
                target=lane.target,
                seconds=round(now - before.at, 3),
                answered=answered,
                throttles=throttles,
                in_flight=pacer.in_flight,
                quota=round(known.rate, 3) if known.doubt < 1 else None,
                rate=None if rate is None else round(rate, 3),
            )
