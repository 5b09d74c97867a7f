"""What a scrape reads of many targets is what prometheus-client writes of them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from batcher.accounting.metric_definitions import (
    ATTEMPT_SECONDS,
    LATENCY,
    RATE,
    TOKEN_WAIT,
    UPDATES,
)
from batcher.status.series import CountedSeries, LatencySeries, MeasuredSeries

names = st.text(st.sampled_from('ab\\"\n{},=é '), min_size=1, max_size=4)
labels = st.tuples(names, names)
seconds = st.floats(0, 100) | st.sampled_from(LATENCY)
values = st.floats(0, 1e20, allow_subnormal=False)


def families(text: str) -> list[Any]:
    """What a scrape finds, without what is of no use to Prometheus."""
    return [
        (
            each.name,
            each.type,
            each.documentation,
            sorted(
                (sample.name, sorted(sample.labels.items()), sample.value)
                for sample in each.samples
            ),
        )
        for each in text_string_to_metric_families(text)
        if not each.name.endswith("_created")
    ]


class Given(Collector):
    def __init__(self, family: Any) -> None:
        self.family = family

    def collect(self) -> list[Any]:
        return [self.family]


@given(st.lists(labels, max_size=10), st.lists(labels, max_size=3))
def test_counters(counted: list[tuple[str, str]], begun: list[tuple[str, str]]) -> None:
    registry, series = CollectorRegistry(), CountedSeries(UPDATES)
    oracle = Counter(UPDATES.prometheus, UPDATES.help, UPDATES.labels, registry=registry)
    for each in counted:
        series.add(each)
        oracle.labels(*each).inc()
    for each in begun:
        series.begin(each)
        oracle.labels(*each)
    written = generate_latest(registry).decode()
    assert families(series.text()) == families(written)
    assert set(series.text().splitlines()) <= set(written.splitlines()), "to the letter"


@given(st.lists(st.tuples(labels, seconds), max_size=20), st.lists(labels, max_size=3))
def test_histograms(
    observed: list[tuple[tuple[str, str], float]], begun: list[tuple[str, str]]
) -> None:
    of, registry = ATTEMPT_SECONDS, CollectorRegistry()
    series = LatencySeries(of, LATENCY)
    oracle = Histogram(of.prometheus, of.help, of.labels, registry=registry, buckets=LATENCY)
    for each, took in observed:
        series.observe(each, took)
        oracle.labels(*each).observe(took)
    for each in begun:
        series.begin(each)
        oracle.labels(*each)
    assert families(series.text()) == families(generate_latest(registry).decode())


@given(st.dictionaries(labels, values, max_size=10), st.dictionaries(labels, values, max_size=10))
def test_what_is_measured_is_of_the_moment(
    first: dict[tuple[str, str], float], then: dict[tuple[str, str], float]
) -> None:
    for of, kind in ((RATE, GaugeMetricFamily), (TOKEN_WAIT, CounterMetricFamily)):
        series = MeasuredSeries(of)
        for measured in (first, then):
            oracle = kind(of.prometheus, of.help, labels=of.labels)
            for each, value in measured.items():
                oracle.add_metric(each, value)
            found = series.text(measured.items())
            assert families(found) == families(generate_latest(Given(oracle)).decode())
