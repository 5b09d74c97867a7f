"""Series of many targets in Prometheus's text format: what is counted, and gauges of a moment.

A worker has some forty a target. Each series is written with the text that it had the last time, so
that a scrape of a thousand targets takes no longer than a few turns of the event loop.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from batcher.accounting.metric_definitions import MetricDefinition

Labels: TypeAlias = tuple[str, ...]
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class CountedSeries:
    """A counter, by its labels."""

    def __init__(self, of: MetricDefinition) -> None:
        self._of = of
        self._counts: dict[Labels, float] = {}
        self._starts = _Starts(f"{of.prometheus}_total", of.labels)

    def begin(self, labels: Labels) -> None:
        """Have a series: one that begins with its first event hides that event from ``rate()``."""
        self._counts.setdefault(labels, 0.0)

    def add(self, labels: Labels) -> None:
        self._counts[labels] = self._counts.get(labels, 0.0) + 1.0

    def text(self) -> str:
        return _family(self._of, "counter", self._starts.lines(self._counts.items()))


class LatencySeries:
    """A histogram of seconds, by its labels. ``bounds``: the buckets', ascending."""

    def __init__(self, of: MetricDefinition, bounds: Sequence[float]) -> None:
        self._of = of
        self._bounds = bounds
        edges = [*(repr(float(each)) for each in bounds), "+Inf"]
        self._buckets = [_Starts(f"{of.prometheus}_bucket", of.labels, le) for le in edges]
        self._count = _Starts(f"{of.prometheus}_count", of.labels)
        self._sum = _Starts(f"{of.prometheus}_sum", of.labels)
        self._found: dict[Labels, _Latencies] = {}

    def begin(self, labels: Labels) -> None:
        """Have a series, like a CountedSeries."""
        if labels not in self._found:
            self._found[labels] = _Latencies(len(self._buckets))

    def observe(self, labels: Labels, seconds: float) -> None:
        self.begin(labels)
        found = self._found[labels]
        found.sum += seconds
        found.counts[bisect_left(self._bounds, seconds)] += 1

    def text(self) -> str:
        return _family(self._of, "histogram", self._lines())

    def _lines(self) -> Iterable[str]:
        for labels, found in self._found.items():
            below = 0
            for start, count in zip(self._buckets, found.counts, strict=True):
                below += count
                yield f"{start[labels]}{below}.0"
            yield f"{self._count[labels]}{below}.0"
            yield f"{self._sum[labels]}{found.sum!r}"


class MeasuredSeries:
    """A gauge, or a counter that is read off, by its labels: of one moment after the other."""

    def __init__(self, of: MetricDefinition) -> None:
        self._of = of
        counted = of.kind == "observed counter"
        self._kind = "counter" if counted else "gauge"
        self._starts = _Starts(of.prometheus + ("_total" if counted else ""), of.labels)

    def text(self, values: Iterable[tuple[Labels, float]]) -> str:
        return _family(self._of, self._kind, self._starts.lines(values))


class _Latencies:
    """Of one series how many are in each bucket alone, and their sum."""

    __slots__ = ("counts", "sum")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.sum = 0.0


class _Starts(dict[Labels, str]):
    """What the lines of a metric begin with, by its labels; made at the first look-up."""

    def __init__(self, name: str, labels: Sequence[str], le: str | None = None) -> None:
        super().__init__()
        self._name = name
        self._labels = labels
        self._le = {} if le is None else {"le": le}

    def __missing__(self, labels: Labels) -> str:
        given = dict(zip(self._labels, labels, strict=True)) | self._le
        inside = ",".join(f'{name}="{given[name].translate(_ESCAPES)}"' for name in sorted(given))
        start = self[labels] = f"{self._name}{{{inside}}} "
        return start

    def lines(self, values: Iterable[tuple[Labels, float]]) -> list[str]:
        return [f"{self[labels]}{float(value)!r}" for labels, value in values]


def _family(of: MetricDefinition, kind: str, lines: Iterable[str]) -> str:
    """A metric with its lines. Values are finite."""
    name = f"{of.prometheus}_total" if kind == "counter" else of.prometheus
    return "\n".join([f"# HELP {name} {of.help}", f"# TYPE {name} {kind}", *lines, ""])
