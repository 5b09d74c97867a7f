"""The metrics of a worker, for Prometheus: counted as things happen, or read off a snapshot.

Labels are target, operation, status, outcome and the state of messages; a name of a trigger or a
domain never is one.
"""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
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
from batcher.status.series import CountedSeries, LatencySeries, MeasuredSeries
from batcher.status.snapshot import LaneSnapshot, WorkerSnapshot

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """What a worker counts: every result and every attempt, on one event loop."""

    def __init__(self) -> None:
        self._updates = CountedSeries(UPDATES)
        self._attempts = CountedSeries(ATTEMPTS)
        self._seconds = LatencySeries(ATTEMPT_SECONDS, LATENCY)
        self._begun: set[tuple[str, str]] = set()
        self._rate, self._quota = MeasuredSeries(RATE), MeasuredSeries(QUOTA)
        self._in_flight, self._waiting = MeasuredSeries(IN_FLIGHT), MeasuredSeries(WAITING)
        self._tokens = MeasuredSeries(TOKEN_WAIT)

    def settled(self, result: Result) -> None:
        self._updates.add((result.target, result.status))

    def attempted(self, target: str, operation: str, verdict: Verdict, seconds: float) -> None:
        """Count one attempt; ``seconds`` from sending to the answer, or to giving it up."""
        self._attempts.add((target, operation, verdict.value))
        if verdict is not Verdict.UNSENT:
            self._seconds.observe((target, operation), seconds)

    def exposition(self, snapshot: WorkerSnapshot) -> bytes:
        """All metrics in Prometheus's text format, of CONTENT_TYPE."""
        for lane in snapshot.lanes:
            self._begin(lane)
        counted = (self._updates, self._attempts, self._seconds)
        text = "".join(
            [*(each.text() for each in counted), *self._of_lanes(snapshot.lanes)],
        )
        return text.encode() + generate_latest(_Scrape(snapshot))

    def _begin(self, lane: LaneSnapshot) -> None:
        """A counter that begins at its first event hides that event from ``rate()``."""
        labels = (lane.target, lane.operation)
        if labels in self._begun:
            return
        self._begun.add(labels)
        self._seconds.begin(labels)
        for verdict in Verdict:
            self._attempts.begin((*labels, verdict.value))
        for status in STATUSES if lane.counts is not None else ():
            self._updates.begin((lane.target, status))

    def _of_lanes(self, lanes: Sequence[LaneSnapshot]) -> Iterator[str]:
        each = [((lane.target, lane.operation), lane) for lane in lanes]
        rates = ((labels, lane.rate) for labels, lane in each if lane.rate is not None)
        quotas = ((labels, lane.quota) for labels, lane in each if lane.quota is not None)
        yield self._rate.text(rates)
        yield self._quota.text(quotas)
        yield self._in_flight.text((labels, lane.in_flight) for labels, lane in each)
        yield self._waiting.text((labels, lane.waiting) for labels, lane in each)
        yield self._tokens.text((labels, lane.token_seconds) for labels, lane in each)


class _Scrape(Collector):
    """The gauges of one snapshot that are of no target."""

    def __init__(self, snapshot: WorkerSnapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        now = self._snapshot
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


def _gauge(of: MetricDefinition) -> GaugeMetricFamily:
    return GaugeMetricFamily(of.prometheus, of.help, labels=of.labels)


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
