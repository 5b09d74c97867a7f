"""What is known of a quota, as it is remembered, published and started from.

A record only: how it is found is in ``estimator`` and ``probe``.
"""

from dataclasses import dataclass, replace

# doubt from which on a rate is no knowledge, and no later run starts from it: a ramp that measures
# costs fewer calls than a start that is a quarter off
A_GUESS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedQuota:
    """One token bucket, as far as it is known.

    ``rate`` in tokens per second, ``burst`` in tokens (None: not known), ``doubt``: half the width
    of the rate's interval as a part of it (1.0: nothing was measured), ``age``: seconds since the
    last request, set by whoever remembers it.
    """

    rate: float
    burst: float | None = None
    doubt: float = 1.0
    age: float = 0.0

    @property
    def is_guess(self) -> bool:
        """Whether the rate is too doubtful to start from."""
        return self.doubt >= A_GUESS

    def as_guess(self) -> "EstimatedQuota":
        """A copy of which the rate counts as not measured."""
        return replace(self, doubt=1.0)

    def as_start(self, age: float) -> "EstimatedQuota":
        """A copy for who goes on with the same bucket, where doubt is better than a new ramp."""
        met = self.burst is not None  # it was throttled once
        return replace(self, doubt=min(self.doubt, A_GUESS / 2) if met else self.doubt, age=age)
