"""The dashboard for Grafana: each panel asks for metrics that a worker has, as what they are.

And each metric that a worker has is on it.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from batcher.accounting.verdicts import Verdict
from batcher.status.metrics import Metrics
from tests.status.snapshots import failure, snapshot

DASHBOARD = json.loads(Path("configs/grafana-dashboard.json").read_text())
LEFT_OUT: set[str] = set()
"""Metrics that no panel shows."""

SCRAPED = {"job", "instance"}  # labels that Prometheus puts on whatever it scrapes
OF_COUNTERS = {"rate", "increase"}
OTHERS = {"sum", "max", "histogram_quantile", "time"}
WORDS = OF_COUNTERS | OTHERS | {"by", "le"}


class Sample(NamedTuple):
    """What is exposed under one name: its type, and the values of each label."""

    kind: str
    labels: dict[str, set[str]]


def exposed() -> dict[str, Sample]:
    metrics = Metrics()
    metrics.settled(failure())
    metrics.attempted("prod", "UpdateEventTrigger", Verdict.ACCEPTED, 0.1)
    found: dict[str, Sample] = {}
    text = metrics.exposition(snapshot()).decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            _, labels = found.setdefault(sample.name, Sample(family.type, {}))
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


EXPOSED = exposed()
QUERIES = [(panel["title"], target) for panel in DASHBOARD["panels"] for target in panel["targets"]]


def metrics_of(expression: str) -> list[tuple[str, str, str, str]]:
    """Of each metric in it: the function around it, its name, its matchers, its range."""
    return re.findall(r"(?:(\w+)\()?\b(batcher_\w+)\{([^}]*)\}(\[[^]]*\])?", expression)


@pytest.mark.parametrize(("title", "target"), QUERIES)
def test_a_query_asks_for_what_there_is(title: str, target: dict[str, Any]) -> None:
    expression = target["expr"]
    bare = re.sub(r'"[^"]*"|\$\w+|\{\{\w+\}\}', "", expression)
    for opened, closed in ("()", "{}", "[]"):
        assert bare.count(opened) == bare.count(closed)
    found = metrics_of(expression)
    assert len(found) == len(re.findall(r"batcher_", expression))
    labels: set[str] = set(SCRAPED)
    for function, name, matchers, window in found:
        sample = EXPOSED[name]
        is_counter = sample.kind in ("counter", "histogram")
        assert (function in OF_COUNTERS) == is_counter == bool(window), name
        assert window in ("", "[$__rate_interval]", "[$__range]")
        given = re.findall(r'(\w+)(=~|!~|=|!=)"([^"]*)"', matchers)
        assert ", ".join(f'{label}{how}"{value}"' for label, how, value in given) == matchers
        for label, _, value in given:
            assert label in {*SCRAPED, *sample.labels}, f"{name}{{{label}}}"
            if not value.startswith("$"):
                assert set(value.split("|")) <= sample.labels[label], value
        labels |= set(sample.labels)
        if "histogram_quantile" in expression:
            assert name.endswith("_bucket")
            assert "by (le)" in expression
    by = [set(each.split(", ")) for each in re.findall(r"\bby \(([^)]*)\)", expression)]
    assert set().union(*by) <= labels
    shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    assert shown <= (set.intersection(*by) if by else labels), target["legendFormat"]
    named = set(re.findall(r"[a-z_]+", re.sub(r"\{[^}]*\}|\[[^]]*\]", "", bare)))
    assert {each for each in named if not each.startswith("batcher_")} <= WORDS | labels


def test_every_metric_is_on_it_or_left_out_on_purpose() -> None:
    shown = {name for _, target in QUERIES for _, name, _, _ in metrics_of(target["expr"])}
    assert shown | LEFT_OUT == set(EXPOSED)
    assert not shown & LEFT_OUT


def test_variables_are_filled_from_metrics_and_labels_that_there_are() -> None:
    listed = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)\}?", json.dumps(DASHBOARD["panels"])))
    assert {name for name in used if not name.startswith("__")} <= listed.keys()
    assert listed["datasource"]["type"] == "datasource"
    for each in listed.values():
        if each["type"] == "query":
            name, label = re.fullmatch(
                r"label_values\((\w+)(?:\{[^}]*\})?, (\w+)\)", each["definition"]
            ).groups()  # type: ignore[union-attr] # None fails as well
            assert label in SCRAPED | set(EXPOSED[name].labels)
            assert each["query"]["query"] == each["definition"]


def test_panels_stand_beside_each_other_and_say_what_they_show() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["description"].endswith(".")
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
