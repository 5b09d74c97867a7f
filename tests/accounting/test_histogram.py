"""Percentiles of durations in bounded memory."""

import math
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.histogram import WIDTH, Histogram

DURATIONS = st.floats(0.001, 1e5)


@given(st.lists(DURATIONS, min_size=1, max_size=200), st.lists(DURATIONS, max_size=50))
def test_percentiles_are_near_the_true_ones_also_of_what_was_merged(
    first: list[float], second: list[float]
) -> None:
    one, other = Histogram(), Histogram()
    for seconds in first:
        one.add(seconds)
    for seconds in second:
        other.add(seconds)
    one.merge(other)
    everything = sorted([*first, *second])
    assert (one.count, one.longest) == (len(everything), everything[-1])
    for part in (0.01, 0.5, 0.9, 0.99, 1.0):
        true = everything[max(1, math.ceil(part * len(everything))) - 1]
        assert one.percentile(part) == pytest.approx(true, rel=WIDTH)


def test_a_million_durations_take_few_bins_and_odd_ones_harm_nothing() -> None:
    found = Histogram()
    assert (found.percentile(0.5), found.longest) == (None, 0.0)
    for number in range(100_000):
        found.add(number / 100)
    for seconds in (-1.0, 0.0, 1e-300, 1e300):
        found.add(seconds)
    assert len(found.bins) < 500
    (median,) = quantiles([number / 100 for number in range(100_000)], n=2)
    assert found.percentile(0.5) == pytest.approx(median, rel=WIDTH)
    assert repr(found) == "<Histogram: 100,004 up to 1e+300 s>"
