"""Two targets with one bucket."""

import pytest

from batcher.limiters.bucket_settings import BucketSettings


@pytest.mark.parametrize(
    ("one", "other", "rate", "burst"),
    [
        ((5.0, 9.0), (9.0, 1.0), 5.0, 9.0),
        ((9.0, 1.0), (5.0, 9.0), 5.0, 9.0),
        ((None, 7.0), (5.0, 2.0), 5.0, 2.0),
        ((5.0, 2.0), (None, 7.0), 5.0, 2.0),
        ((None, 1.0), (None, 1.0), None, 1.0),
    ],
)
def test_the_lower_rate_counts_with_its_own_burst(
    one: tuple[float | None, float],
    other: tuple[float | None, float],
    rate: float | None,
    burst: float,
) -> None:
    first = BucketSettings(rate=one[0], burst=one[1], share=0.9)
    lower = first.lowered(BucketSettings(rate=other[0], burst=other[1], share=0.5))
    assert (lower.rate, lower.burst, lower.share) == (rate, burst, 0.5)


def test_of_a_rate_without_a_word_on_its_burst_one_token_is_let_through_at_once() -> None:
    said, unsaid = (BucketSettings(rate=5.0, burst=burst) for burst in (1.0, None))
    assert unsaid.burst is None
    assert unsaid.capacity == said.capacity
