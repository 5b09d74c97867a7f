"""Token buckets, as AWS keeps them: one for each account, Region and operation.

Pure arithmetic: the time is an argument, in seconds of any clock that does not go back.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROUNDING = 1e-9  # ten refills of 0.1 must make one token


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """A request quota: ``rate`` tokens a second, at most ``burst`` saved up.

    The default burst is the larger of 1 and the rate. ValueError when the rate is not above 0, or
    the burst is below 1 (no request could ever pass).
    """

    rate: float
    burst: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"rate is {self.rate}: it must be a number above 0")
        if self.burst is not None and not (math.isfinite(self.burst) and self.burst >= 1):
            raise ValueError(f"burst is {self.burst}: it must be a number, at least 1")

    @property
    def capacity(self) -> float:
        return max(1.0, self.rate) if self.burst is None else self.burst


class TokenBucket:
    """Refills continuously, starts full; a refused request takes nothing."""

    __slots__ = ("_level", "_quota", "_refilled_at")

    def __init__(self, quota: Quota, now: float) -> None:
        self._quota = quota
        self._level = quota.capacity
        self._refilled_at = now

    def __repr__(self) -> str:
        return (
            f"<TokenBucket {self._level:.3f} of {self._quota.capacity:g}, {self._quota.rate:g}/s>"
        )

    def take(self, now: float) -> bool:
        """Takes one token and says True, or says False."""
        self._refill(now)
        if self._level < 1 - ROUNDING:
            return False
        self._level = max(0.0, self._level - 1)
        return True

    def change(self, quota: Quota, now: float) -> None:
        """Goes on with another quota; the level stays, capped by the new burst."""
        self._refill(now)
        self._quota = quota
        self._level = min(self._level, quota.capacity)

    def _refill(self, now: float) -> None:
        elapsed = max(0.0, now - self._refilled_at)
        self._level = min(self._quota.capacity, self._level + elapsed * self._quota.rate)
        self._refilled_at = max(self._refilled_at, now)


class Quotas:
    """The quota of every operation, and the buckets made from them; None is unlimited."""

    def __init__(self, default: Quota | None, by_operation: Mapping[str, Quota | None]) -> None:
        self._default = default
        self._by_operation = dict(by_operation)
        self._buckets: dict[tuple[str, str, str], TokenBucket] = {}

    def take(self, account: str, region: str, operation: str, now: float) -> bool:
        """Whether a request of this operation passes now; it takes a token if so."""
        quota = self._by_operation.get(operation, self._default)
        if quota is None:
            return True
        key = (account, region, operation)
        if (bucket := self._buckets.get(key)) is None:
            bucket = self._buckets[key] = TokenBucket(quota, now)
        return bucket.take(now)

    def change(self, operation: str | None, quota: Quota | None, now: float) -> None:
        """Sets the quota of one operation, or of all (None), dropping those of single ones."""
        if operation is None:
            self._default = quota
            self._by_operation.clear()
        else:
            self._by_operation[operation] = quota
        for key, bucket in list(self._buckets.items()):
            if operation not in (None, key[2]):
                continue
            if quota is None:
                del self._buckets[key]
            else:
                bucket.change(quota, now)

    def describe(self) -> dict[str, Any]:
        """The quotas in force, as JSON: ``default`` and ``operations``; null is unlimited."""
        return {
            "default": _described(self._default),
            "operations": {
                name: _described(quota) for name, quota in sorted(self._by_operation.items())
            },
        }


def _described(quota: Quota | None) -> dict[str, float] | None:
    return None if quota is None else {"rate": quota.rate, "burst": quota.capacity}
