"""Instruments are those of the definitions, and count what happens."""

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from batcher.accounting.verdicts import Verdict
from batcher.records import Depth
from batcher.status.snapshot import LaneSnapshot
from batcher.telemetry.instruments import Instruments
from tests.accounting.metrics_defined import DEFINED
from tests.telemetry.samples import made, result


def test_each_definition_is_an_instrument_with_its_unit_its_words_and_its_labels() -> None:
    reader = InMemoryMetricReader()
    instruments = Instruments(MeterProvider([reader], shutdown_on_exit=False).get_meter("test"))
    instruments.settled(result())
    instruments.attempted(made())
    instruments.attempted(made(verdict=Verdict.UNSENT))
    lane = LaneSnapshot(target="prod", operation="UpdateEventTrigger", rate=1.0, quota=2.0)
    depth = Depth(waiting=1, held=2, dead=3, oldest_seconds=4.0)
    instruments.observe((lane,), depth)
    data: Any = reader.get_metrics_data()
    (scope,) = data.resource_metrics[0].scope_metrics
    found = {each.name: each for each in scope.metrics}
    assert found.keys() == {each.otel for each in DEFINED}
    for each in DEFINED:
        metric = found[each.otel]
        assert (metric.unit, metric.description) == (each.unit, each.help)
        for point in metric.data.data_points:
            assert point.attributes.keys() == set(each.labels)
    attempts = found["batcher.attempts"].data.data_points
    assert sum(point.value for point in attempts) == 2
    (durations,) = found["batcher.attempt.duration"].data.data_points
    assert (durations.count, durations.sum) == (1, 0.25)  # what never left has no duration
