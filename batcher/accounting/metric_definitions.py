"""The metrics of a run or a worker: each with its name for Prometheus and for OpenTelemetry.

Here and nowhere else, so that ``/metrics`` and what ``--otlp`` sends can't drift apart. Labels are
target, operation, status, outcome and state; a name of a trigger or a domain never is one.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["counter", "histogram", "gauge", "observed counter"]

LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
LANE = ("target", "operation")


class MetricDefinition(Struct, frozen=True, kw_only=True):
    """One metric: ``prometheus``: without ``_total``; ``unit`` as UCUM has it."""

    prometheus: str
    otel: str
    unit: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


UPDATES = MetricDefinition(
    prometheus="batcher_updates",
    otel="batcher.updates",
    unit="{update}",
    kind="counter",
    labels=("target", "status"),
    help="Updates that have their result.",
)
ATTEMPTS = MetricDefinition(
    prometheus="batcher_attempts",
    otel="batcher.attempts",
    unit="{attempt}",
    kind="counter",
    labels=(*LANE, "outcome"),
    help="Requests to AWS by what came of them.",
)
ATTEMPT_SECONDS = MetricDefinition(
    prometheus="batcher_attempt_seconds",
    otel="batcher.attempt.duration",
    unit="s",
    kind="histogram",
    labels=LANE,
    help="From sending to the answer.",
)
RATE = MetricDefinition(
    prometheus="batcher_rate_per_second",
    otel="batcher.rate",
    unit="{request}/s",
    kind="gauge",
    labels=LANE,
    help="Requests a second at present, with what batcher ctl and a timetable allow.",
)
QUOTA = MetricDefinition(
    prometheus="batcher_quota_per_second",
    otel="batcher.quota",
    unit="{request}/s",
    kind="gauge",
    labels=LANE,
    help="Requests a second that AWS is thought to allow.",
)
IN_FLIGHT = MetricDefinition(
    prometheus="batcher_in_flight_requests",
    otel="batcher.in_flight",
    unit="{request}",
    kind="gauge",
    labels=LANE,
    help="Requests without an answer yet.",
)
WAITING = MetricDefinition(
    prometheus="batcher_waiting_updates",
    otel="batcher.waiting",
    unit="{update}",
    kind="gauge",
    labels=LANE,
    help="Updates that wait for their turn.",
)
TOKEN_WAIT = MetricDefinition(
    prometheus="batcher_token_wait_seconds",
    otel="batcher.token_wait",
    unit="s",
    kind="observed counter",
    labels=LANE,
    help="Time spent waiting for tokens.",
)
QUEUE_MESSAGES = MetricDefinition(
    prometheus="batcher_queue_messages",
    otel="batcher.queue.messages",
    unit="{message}",
    kind="gauge",
    labels=("state",),
    help="Messages in the queue.",
)
QUEUE_AGE = MetricDefinition(
    prometheus="batcher_queue_oldest_message_age_seconds",
    otel="batcher.queue.oldest_message.age",
    unit="s",
    kind="gauge",
    labels=(),
    help="Age of the oldest unacknowledged message.",
)
