"""What is known of a quota: from which doubt on it is no knowledge."""

import pytest

from batcher.quota.estimated_quota import EstimatedQuota


@pytest.mark.parametrize(
    ("doubt", "guess"), [(0.0, False), (0.249, False), (0.25, True), (1, True)]
)
def test_a_rate_that_may_be_a_quarter_off_is_a_guess(doubt: float, guess: bool) -> None:
    assert EstimatedQuota(rate=5.0, doubt=doubt).is_guess is guess


def test_a_rate_alone_is_a_guess_and_any_estimate_can_be_made_one() -> None:
    measured = EstimatedQuota(rate=5.0, burst=15.0, doubt=0.01, age=3.0)
    assert EstimatedQuota(rate=5.0).is_guess
    assert measured.as_guess() == EstimatedQuota(rate=5.0, burst=15.0, doubt=1.0, age=3.0)


def test_who_goes_on_with_a_bucket_that_was_emptied_starts_from_its_rate_however_doubtful() -> None:
    doubtful = EstimatedQuota(rate=5.0, burst=15.0)
    assert not doubtful.as_start(0.5).is_guess
    assert (doubtful.as_start(0.5).rate, doubtful.as_start(0.5).age) == (5.0, 0.5)
    assert EstimatedQuota(rate=5.0, burst=15.0, doubt=0.01).as_start(0.0).doubt == 0.01
    assert EstimatedQuota(rate=5.0).as_start(0.0).is_guess
