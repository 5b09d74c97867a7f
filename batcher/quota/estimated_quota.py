"""What is known of a quota, as it is remembered, published and started from.

A record only: how it is found is in ``estimator`` and ``probe``.
"""

from dataclasses import dataclass, replace

# doubt from which on a rate is no knowledge: it may as well be half as much again, or half of it
A_GUESS = 0.5


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
