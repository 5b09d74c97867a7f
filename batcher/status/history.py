"""The last hour of a worker in numbers: what it did a second, and what its queue held.

Of a worker with thousands of targets as of one with a single one: these are sums over all of them.
Kept in memory, bounded. Time is an argument.
"""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from batcher.records import STATUSES, Depth
from batcher.status.snapshot import LaneSnapshot, paces_together

EVERY = 20.0  # seconds between two moments
KEPT = 180  # moments: an hour


class Totals(Struct, frozen=True, kw_only=True):
    """What was counted up to a moment: requests, those of them that were throttled, results."""

    requests: int = 0
    throttles: int = 0
    results: dict[str, int] = {}


class Moment(Struct, frozen=True, kw_only=True):
    """A moment, and what was done a second since the one before.

    ``at``: in seconds since the epoch; ``results``: by status. ``rate`` and ``quota`` of updates,
    None while they are not known; ``waiting`` and ``oldest_seconds``: of the queue.
    """

    at: float
    requests: float
    throttles: float
    results: dict[str, float]
    rate: float | None = None
    quota: float | None = None
    waiting: int | None = None
    oldest_seconds: float | None = None


class History:
    """The moments of the last hour, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._moments: deque[Moment] = deque(maxlen=kept)
        self._before: tuple[float, Totals] | None = None

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def moments(self) -> tuple[Moment, ...]:
        return tuple(self._moments)

    def note(
        self,
        now: float,
        at: float,
        totals: Totals,
        lanes: Iterable[LaneSnapshot] = (),
        depth: Depth | None = None,
    ) -> None:
        """Take a moment in. ``now`` is monotonic, ``at`` since the epoch. The first has no pace."""
        before, self._before = self._before, (now, totals)
        if before is None or now <= before[0]:
            return
        seconds, old = now - before[0], before[1]
        moment = Moment(
            at=at,
            requests=(totals.requests - old.requests) / seconds,
            throttles=(totals.throttles - old.throttles) / seconds,
            results={
                status: (totals.results.get(status, 0) - old.results.get(status, 0)) / seconds
                for status in STATUSES
            },
        )
        if depth is not None:
            moment = replace(moment, waiting=depth.waiting, oldest_seconds=depth.oldest_seconds)
        rate, quota = paces_together(lanes)
        self._moments.append(replace(moment, rate=rate, quota=quota))
