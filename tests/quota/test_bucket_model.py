"""The model of somebody else's bucket, against buckets that are known exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.quota.bucket_model import BucketModel, BurstEstimator, Latency
from tests.quota.simulation import Bucket

PAUSES = st.lists(st.floats(0, 3), min_size=1, max_size=60)


@given(rate=st.floats(0.1, 50), burst=st.floats(1, 50), pauses=PAUSES)
def test_with_the_right_rate_and_burst_the_model_holds_what_the_bucket_holds(
    rate: float, burst: float, pauses: list[float]
) -> None:
    bucket, model, now, taken, ran_over = Bucket(rate, burst), BucketModel(0.0), 0.0, 0, 0.0
    model.rate, model.burst = rate, burst
    model.level_was(0.0, 0.0, burst)
    for pause in pauses:
        ran_over += max(0.0, bucket.level + rate * pause - burst)
        now += pause
        model.note_overflow(now, taken)
        taken += bucket.take(now)
        assert model.level(now, taken) == pytest.approx(bucket.level, abs=1e-6)
    assert model.overflow == pytest.approx(ran_over, abs=1e-6)


def test_a_bucket_that_gave_more_than_it_can_hold_has_a_negative_level() -> None:
    model = BucketModel(0.0)
    model.rate, model.burst = 2.0, 10.0
    model.level_was(5.0, 100.0, 0.5)
    assert model.level(8.0, 110.0) == 0.5 + 2 * 3 - 10
    assert model.seconds_since_known(8.0) == 3.0


@settings(max_examples=100)
@given(rate=st.floats(0.5, 50), burst=st.integers(2, 200), speed=st.floats(2, 20))
def test_from_the_emptying_of_a_full_bucket_its_burst_is_known_to_a_fifth(
    rate: float, burst: int, speed: float
) -> None:
    bucket, estimator, now, taken = Bucket(rate, burst), BurstEstimator(), 0.0, 0
    estimator.sent(now, taken)
    while bucket.take(now):
        taken += 1
        now += 1 / (speed * rate)
        estimator.sent(now, taken)
    estimator.emptied(now, taken)
    assert estimator.burst(rate) == pytest.approx(burst, rel=0.2, abs=2)


def test_a_burst_is_known_once_something_was_emptied_and_until_it_is_forgotten() -> None:
    estimator = BurstEstimator()
    estimator.sent(0.0, 0)
    assert estimator.burst(5.0) is None
    estimator.emptied(1.0, 20)
    assert estimator.burst(5.0) == 15.0
    estimator.forget()
    assert estimator.burst(5.0) is None


def test_a_bucket_that_refused_before_it_was_empty_is_taken_for_one_of_a_second() -> None:
    estimator = BurstEstimator()
    estimator.sent(0.0, 0)
    estimator.emptied(10.0, 20)
    assert estimator.burst(5.0) == 5.0
    assert estimator.burst(2.5) == 2.5


def test_the_first_answer_of_a_latency_counts_whole_and_later_ones_by_what_they_are_late() -> None:
    latency = Latency()
    assert latency.lateness(0.3) == 0.3
    latency.add(0.1)
    latency.add(0.2)
    assert latency.mean == pytest.approx(0.15)
    assert latency.spread == pytest.approx(0.1)
    assert latency.lateness(0.35) == pytest.approx(0.1 + 0.1)
