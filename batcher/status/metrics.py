"""The metrics of a worker, for Prometheus: counted as things happen, or read off a snapshot.

Labels are target, operation, status, outcome and the state of messages; a name of a trigger or a
domain never is one.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from batcher.accounting.metric_definitions import (
    ATTEMPT_SECONDS,
    ATTEMPTS,
    IN_FLIGHT,
    LATENCY,
    QUEUE_AGE,
    QUEUE_MESSAGES,
    QUOTA,
    RATE,
    TOKEN_WAIT,
    UPDATES,
    WAITING,
    MetricDefinition,
)
from batcher.accounting.verdicts import Verdict
from batcher.records import STATUSES, Depth, Result
from batcher.status.snapshot import LaneSnapshot, WorkerSnapshot

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """What a worker counts: every result and every attempt, on one event loop."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._updates = _made(Counter, UPDATES, self._registry)
        self._attempts = _made(Counter, ATTEMPTS, self._registry)
        self._seconds = _made(Histogram, ATTEMPT_SECONDS, self._registry, buckets=LATENCY)

    def settled(self, result: Result) -> None:
        self._updates.labels(result.target, result.status).inc()

    def attempted(self, target: str, operation: str, verdict: Verdict, seconds: float) -> None:
        """Count one attempt; ``seconds`` from sending to the answer, or to giving it up."""
        self._attempts.labels(target, operation, verdict.value).inc()
        if verdict is not Verdict.UNSENT:
            self._seconds.labels(target, operation).observe(seconds)

    def exposition(self, snapshot: WorkerSnapshot) -> bytes:
        """All metrics in Prometheus's text format, of CONTENT_TYPE."""
        for lane in snapshot.lanes:
            self._begin(lane)
        return generate_latest(_Scrape(self._registry, snapshot))

    def _begin(self, lane: LaneSnapshot) -> None:
        """A counter that begins at its first event hides that event from ``rate()``."""
        self._seconds.labels(lane.target, lane.operation)
        for verdict in Verdict:
            self._attempts.labels(lane.target, lane.operation, verdict.value)
        for status in STATUSES if lane.counts is not None else ():
            self._updates.labels(lane.target, status)


class _Scrape(Collector):
    """What is counted, and the gauges of one snapshot."""

    def __init__(self, counted: Collector, snapshot: WorkerSnapshot) -> None:
        self._counted = counted
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        for metric in self._counted.collect():
            # of no use to Prometheus
            metric.samples = [each for each in metric.samples if not each.name.endswith("_created")]
            yield metric
        now = self._snapshot
        yield from _of_lanes(now.lanes)
        if now.depth is not None:
            yield from _of_queue(now.depth)
        if now.files_waiting is not None:
            yield GaugeMetricFamily(
                "batcher_results_files_waiting",
                "Complete results files not yet sent to S3.",
                now.files_waiting,
            )
        yield GaugeMetricFamily(
            "batcher_ready", "1 while the worker takes and sends updates.", float(now.ready)
        )
        yield GaugeMetricFamily(
            "batcher_paused", "1 while it was told to send nothing.", float(now.paused is not None)
        )
        yield GaugeMetricFamily(
            "batcher_alive", "1 while the worker's loop turns.", float(now.alive)
        )
        if now.heartbeat_at is not None:
            yield GaugeMetricFamily(
                "batcher_heartbeat_timestamp_seconds",
                "When the worker's loop last turned, since the epoch.",
                now.heartbeat_at,
            )


_M = TypeVar("_M", Counter, Histogram)


def _made(kind: type[_M], of: MetricDefinition, registry: CollectorRegistry, **more: Any) -> _M:
    return kind(of.prometheus, of.help, of.labels, registry=registry, **more)


def _gauge(of: MetricDefinition) -> GaugeMetricFamily:
    return GaugeMetricFamily(of.prometheus, of.help, labels=of.labels)


def _of_lanes(lanes: Iterable[LaneSnapshot]) -> Iterable[Metric]:
    rate, quota, in_flight, waiting = map(_gauge, (RATE, QUOTA, IN_FLIGHT, WAITING))
    tokens = CounterMetricFamily(TOKEN_WAIT.prometheus, TOKEN_WAIT.help, labels=TOKEN_WAIT.labels)
    for lane in lanes:
        labels = (lane.target, lane.operation)
        in_flight.add_metric(labels, lane.in_flight)
        waiting.add_metric(labels, lane.waiting)
        tokens.add_metric(labels, lane.token_seconds)
        if lane.rate is not None:
            rate.add_metric(labels, lane.rate)
        if lane.quota is not None:
            quota.add_metric(labels, lane.quota)
    return rate, quota, in_flight, waiting, tokens


def _of_queue(depth: Depth) -> Iterable[Metric]:
    messages = _gauge(QUEUE_MESSAGES)
    for state, number in (("waiting", depth.waiting), ("held", depth.held), ("dead", depth.dead)):
        if number is not None:
            messages.add_metric((state,), number)
    yield messages
    if depth.oldest_seconds is not None:
        age = _gauge(QUEUE_AGE)
        age.add_metric((), depth.oldest_seconds)
        yield age
