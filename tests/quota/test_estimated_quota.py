"""What is known of a quota: from which doubt on it is no knowledge."""

import pytest

from batcher.quota.estimated_quota import EstimatedQuota


@pytest.mark.parametrize(("doubt", "guess"), [(0.0, False), (0.499, False), (0.5, True), (1, True)])
def test_a_rate_that_may_be_half_of_it_is_a_guess(doubt: float, guess: bool) -> None:
    assert EstimatedQuota(rate=5.0, doubt=doubt).is_guess is guess


def test_a_rate_alone_is_a_guess_and_any_estimate_can_be_made_one() -> None:
    measured = EstimatedQuota(rate=5.0, burst=15.0, doubt=0.01, age=3.0)
    assert EstimatedQuota(rate=5.0).is_guess
    assert measured.as_guess() == EstimatedQuota(rate=5.0, burst=15.0, doubt=1.0, age=3.0)
