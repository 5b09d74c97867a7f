"""The metrics of a worker, as it exposes them."""

from prometheus_client.parser import text_string_to_metric_families

from batcher.status.metrics import Metrics
from tests.docs.markdown_tables import code, table
from tests.status.snapshots import snapshot


def metrics_table() -> str:
    """A row of each metric: its labels are those that it has in an exposition."""
    exposed = Metrics().exposition(snapshot()).decode()
    rows = []
    for family in text_string_to_metric_families(exposed):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = dict.fromkeys(label for each in family.samples for label in each.labels)
        labels.pop("le", None)
        rows.append((code(name), family.type, ", ".join(labels), family.documentation))
    return table(("metric", "kind", "labels", "what"), rows)
