"""The metrics that go to a collector: those of ``accounting.metric_definitions``."""

from collections.abc import Callable, Iterable, Iterator

from opentelemetry.metrics import CallbackOptions, Meter, Observation

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
from batcher.foreign_text import printable
from batcher.ports import AttemptMade
from batcher.records import Depth, Result
from batcher.telemetry.lane_state import LaneState

Observe = Callable[[], Iterable[Observation]]


class Instruments:
    """Counts as things happen; what has a value at each moment is as it was observed last."""

    def __init__(self, meter: Meter) -> None:
        self._lanes: tuple[LaneState, ...] = ()
        self._depth: Depth | None = None
        self._updates = meter.create_counter(UPDATES.otel, UPDATES.unit, UPDATES.help)
        self._attempts = meter.create_counter(ATTEMPTS.otel, ATTEMPTS.unit, ATTEMPTS.help)
        self._seconds = meter.create_histogram(
            ATTEMPT_SECONDS.otel,
            ATTEMPT_SECONDS.unit,
            ATTEMPT_SECONDS.help,
            explicit_bucket_boundaries_advisory=LATENCY,
        )
        observed: dict[MetricDefinition, Observe] = {
            RATE: lambda: self._of_lanes(lambda lane: lane.rate),
            QUOTA: lambda: self._of_lanes(lambda lane: lane.quota),
            IN_FLIGHT: lambda: self._of_lanes(lambda lane: lane.in_flight),
            WAITING: lambda: self._of_lanes(lambda lane: lane.waiting),
            TOKEN_WAIT: lambda: self._of_lanes(lambda lane: lane.token_seconds),
            QUEUE_MESSAGES: self._messages,
            QUEUE_AGE: self._age,
        }
        for of, observe in observed.items():
            create = meter.create_observable_gauge
            if of.kind == "observed counter":
                create = meter.create_observable_counter  # type: ignore[assignment] # alike
            create(of.otel, [_callback(observe)], of.unit, of.help)

    def settled(self, result: Result) -> None:
        """Count a result."""
        self._updates.add(1, {"target": printable(result.target), "status": result.status})

    def attempted(self, made: AttemptMade) -> None:
        """Count an attempt; one that never left has no duration."""
        lane = {"target": printable(made.target), "operation": made.operation}
        self._attempts.add(1, {**lane, "outcome": made.verdict.value})
        if made.verdict is not Verdict.UNSENT:
            self._seconds.record(made.attempt.seconds, lane)

    def observe(self, lanes: tuple[LaneState, ...], depth: Depth | None) -> None:
        """Take note of how things are, for whatever thread asks later."""
        self._lanes, self._depth = lanes, depth

    def _of_lanes(self, value: Callable[[LaneState], float | None]) -> Iterator[Observation]:
        for lane in self._lanes:
            if (found := value(lane)) is not None:
                labels = {"target": printable(lane.target), "operation": lane.operation}
                yield Observation(found, labels)

    def _messages(self) -> Iterator[Observation]:
        if (depth := self._depth) is None:
            return
        for state in ("waiting", "held", "dead"):
            if (number := getattr(depth, state)) is not None:
                yield Observation(number, {"state": state})

    def _age(self) -> Iterator[Observation]:
        if self._depth is not None and self._depth.oldest_seconds is not None:
            yield Observation(self._depth.oldest_seconds)


def _callback(observe: Observe) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda options: observe()
