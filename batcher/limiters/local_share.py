"""What a worker may take of a shared bucket while it can't reach Redis. Pure: time is an argument.

Of a ceiling the others leave it its share, and the same halves of it after the same times, by
``redis_scripts``: so all together keep to the ceiling, whoever is cut off.
"""

from math import floor, inf

from batcher.limiters.bucket_settings import BucketSettings, lower_of
from batcher.limiters.redis_bucket import HeartbeatReply
from batcher.limiters.redis_scripts import HALVED_EVERY, LEAST_PART, SILENT_AFTER
from batcher.quota.estimated_quota import EstimatedQuota

# per second, for all workers together, while no rate was ever known: AWS's most common quota for
# changes
UNKNOWN_RATE = 1.0
ASSUMED_WORKERS = 4  # while their number was never known
SMALLEST_SHARE = 0.01  # of who has just come and was told none yet


class LocalShare:
    """The share of one worker. ``now``: monotonic seconds of its own clock."""

    def __init__(self) -> None:
        self._share = 1 / ASSUMED_WORKERS
        self._ceiling: float | None = None  # the lowest of all members, while it is known
        self._asked_at = self._told_at = inf  # no share was told yet

    def told(self, reply: HeartbeatReply, asked_at: float, now: float) -> None:
        """Note what a heartbeat that was sent at ``asked_at`` brought."""
        self._share, self._ceiling = reply.share, reply.ceiling
        self._asked_at, self._told_at = asked_at, now

    @property
    def told_share(self) -> float:
        """The share that was told; 0: none was yet."""
        return 0.0 if self._told_at == inf else self._share

    def lowest(self, settings: BucketSettings) -> float | None:
        """The lowest ceiling that is known of any member."""
        return lower_of(settings.rate, self._ceiling)

    def halvings(self, now: float, settings: BucketSettings) -> int:
        """How often the share that was told of a ceiling was halved by now."""
        if self.lowest(settings) is None:
            return 0
        return floor(max(0.0, now - self._asked_at) / HALVED_EVERY)

    def begins_at(self, now: float, settings: BucketSettings) -> float:
        """When it may be taken: of a ceiling once the others have noticed, else at once."""
        if self.lowest(settings) is None or self._told_at == inf:
            return now
        return max(now, self._told_at + SILENT_AFTER)

    def rate(
        self, now: float, learned: EstimatedQuota, settings: BucketSettings, workers: int
    ) -> float:
        """Requests per second, of what is known of the quota and of the ceiling."""
        ceiling, part = self.lowest(settings), max(LEAST_PART, 0.5 ** self.halvings(now, settings))
        most = inf if ceiling is None else ceiling * max(self._share, SMALLEST_SHARE) * part
        if learned.is_guess and learned.burst is None:
            if ceiling is not None:
                return most
            rate = max(UNKNOWN_RATE, learned.rate)
        else:
            rate = learned.rate * settings.share
        return min(most, rate / max(1, workers))
