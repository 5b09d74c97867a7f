"""What the settings say of one shared bucket; of several targets with one bucket, the lowest."""

from math import inf

from msgspec import Struct
from msgspec.structs import replace

from batcher.limiters.local import capacity
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator


class BucketSettings(Struct, frozen=True, kw_only=True):
    """What the settings say of a bucket, for all workers together.

    ``burst``: of the rate, None: nothing was said, which is 1; ``remembered``: what earlier runs of
    this host found.
    """

    rate: float | None
    burst: float | None
    share: float = 1.0
    remembered: EstimatedQuota | None = None

    def estimator(self, now: float, known: EstimatedQuota | None) -> RateEstimator:
        return RateEstimator(now=now, ceiling=self.rate, share=self.share, remembered=known)

    @property
    def capacity(self) -> float:
        """Tokens that the ceiling has at most."""
        return 1.0 if self.rate is None else capacity(self.rate, self.burst or 1.0)

    def lowered(self, other: "BucketSettings") -> "BucketSettings":
        """The settings of two targets with one bucket: the lower rate counts, with its burst."""
        lower = min(self, other, key=lambda each: inf if each.rate is None else each.rate)
        return replace(self, rate=lower.rate, burst=lower.burst, share=min(self.share, other.share))


def lower_of(one: float | None, other: float | None) -> float | None:
    """The lower of two ceilings; None is none."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
