"""How far a batch is: results counted as they come, and the pace of the last seconds."""

from collections import deque

from batcher.public_records import Progress, Result

EVERY = 0.1  # seconds between two calls of a progress callback
WINDOW = 10.0  # seconds over which the pace is measured
KEPT_EVERY = 0.5  # seconds between two moments that are kept to measure it


class Meter:
    """Counts results and says where the batch stands. Times are monotonic seconds.

    ``total``: the updates of the batch, None while that is not known.
    """

    def __init__(self, total: int | None, now: float) -> None:
        self.total = total
        self._done = self._failed = self._throttles = 0
        self._moments = deque([(now, 0)])  # when, and how many were done then
        self._told_at = now

    def add(self, result: Result, now: float) -> None:
        self._done += 1
        self._failed += not result.is_done
        self._throttles += result.throttles
        if now - self._moments[-1][0] >= KEPT_EVERY:
            self._moments.append((now, self._done))
        while len(self._moments) > 1 and self._moments[1][0] <= now - WINDOW:
            self._moments.popleft()

    def is_due(self, now: float) -> bool:
        """Whether it is time to tell of it again; then it counts as told."""
        if now - self._told_at < EVERY:
            return False
        self._told_at = now
        return True

    def progress(self, now: float) -> Progress:
        """Return where the batch stands."""
        since, done = self._moments[0]
        seconds = now - since
        return Progress(
            done=self._done,
            total=self.total,
            failed=self._failed,
            throttles=self._throttles,
            rate=(self._done - done) / seconds if seconds > 0 else 0.0,
        )
