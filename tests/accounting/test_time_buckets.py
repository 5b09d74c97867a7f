"""What happened when, in few buckets of one length."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.time_buckets import POINTS, TimeBuckets


class Amount:
    """A bucket that sums up."""

    def __init__(self) -> None:
        self.amount = 0.0

    def merge(self, other: "Amount") -> None:
        self.amount += other.amount


def buckets(most: int = 8) -> TimeBuckets[Amount]:
    return TimeBuckets(Amount, width=1.0, most=most)


def amounts(found: TimeBuckets[Amount]) -> list[tuple[float, float]]:
    return [(at, bucket.amount) for at, bucket in found.in_order()]


@given(st.lists(st.tuples(st.floats(-1e9, 4e9), st.floats(0, 1e9)), min_size=1, max_size=60))
def test_nothing_is_lost_however_far_apart_moments_are_and_few_buckets_are_held(
    spans: list[tuple[float, float]],
) -> None:
    found = buckets()
    for begin, seconds in spans:
        parts = 0.0
        for part, bucket in found.shares(begin, begin + seconds):
            bucket.amount += part
            parts += part
        assert parts == pytest.approx(1.0)
        assert len(found) <= 8
    held = list(found.in_order())
    assert sum(bucket.amount for _, bucket in held) == pytest.approx(len(spans))
    assert all(later[0] - before[0] >= found.width for before, later in pairwise(held))


@given(st.integers(1, 40), st.floats(0.6, 9.9), st.floats(0, 1))
def test_what_goes_on_at_one_pace_is_as_much_in_each_bucket_however_it_was_sampled(
    samples: int, every: float, begin: float
) -> None:
    found, at = buckets(most=1000), begin
    for _ in range(samples):
        for part, bucket in found.shares(at, at + every):
            bucket.amount += part * every
        at += every
    *whole, _ = [amount for second, amount in amounts(found) if second >= 1] or [0.0]
    assert whole == pytest.approx([1.0] * len(whole))
    assert sum(amount for _, amount in amounts(found)) == pytest.approx(samples * every)


def test_a_span_is_shared_out_over_the_buckets_that_it_goes_through() -> None:
    found = buckets(most=100)
    for part, bucket in found.shares(10.5, 14.5):
        bucket.amount += part
    assert amounts(found) == [(10, 0.125), (11, 0.25), (12, 0.25), (13, 0.25), (14, 0.125)]
    assert sum(1 for _ in found.shares(0.0, 1e6)) == POINTS


def test_two_buckets_become_one_when_there_are_too_many() -> None:
    found = buckets(most=2)
    for moment in (0.5, 1.5, 2.5, 3.5):
        found.at(moment).amount += 1
    assert [(at, bucket.amount) for at, bucket in found.in_order()] == [(0, 2), (2, 2)]
    assert repr(found) == "<TimeBuckets: 2 of 2 s>"
