"""One definition for both ways: what Prometheus reads, and what goes to a collector."""

from prometheus_client.parser import text_string_to_metric_families

from batcher.accounting.metric_definitions import LANE
from batcher.accounting.verdicts import Verdict
from batcher.status.metrics import Metrics
from tests.accounting.metrics_defined import DEFINED
from tests.status.snapshots import failure, snapshot


def test_prometheus_has_each_of_them_with_its_labels_and_its_words() -> None:
    metrics = Metrics()
    metrics.attempted("prod", "UpdateEventTrigger", Verdict.ACCEPTED, 0.1)
    metrics.settled(failure())
    text = metrics.exposition(snapshot()).decode()
    found = {each.name: each for each in text_string_to_metric_families(text)}
    for each in DEFINED:
        family = found[each.prometheus]
        labels = {name for sample in family.samples for name in sample.labels} - {"le"}
        assert (family.documentation, labels) == (each.help, set(each.labels))
        kind = "counter" if "counter" in each.kind else each.kind
        assert family.type == kind


def test_names_are_those_of_opentelemetry_and_no_two_are_the_same() -> None:
    assert (
        len({each.otel for each in DEFINED})
        == len({each.prometheus for each in DEFINED})
        == len(DEFINED)
    )
    for each in DEFINED:
        assert each.otel.startswith("batcher.")
        assert not each.otel.endswith(("total", "seconds"))
        assert LANE == ("target", "operation")
