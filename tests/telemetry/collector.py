"""A collector on loopback that takes OTLP over HTTP, or is as bad as a collector can be."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Manner = Literal["well", "500", "503", "hang", "redirect"]


class Span:
    """A span that arrived: ``attributes`` by name, and those of its resource."""

    def __init__(self, span: Any, resource: dict[str, Any]) -> None:
        self.name: str = span.name
        self.kind: int = span.kind
        self.trace: bytes = span.trace_id
        self.id: bytes = span.span_id
        self.parent: bytes = span.parent_span_id
        self.links = [link.trace_id for link in span.links]
        self.seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
        self.failed: bool = span.status.code == 2
        self.attributes = _plain(span.attributes)
        self.resource = resource

    def __repr__(self) -> str:
        return f"<{self.name} {self.attributes}>"


class Collector:
    """``manner``: how it answers; ``sent``: the bytes of each request, unpacked."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.url = ""
        self.sent: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.requests = 0
        self._spans: list[bytes] = []
        self._metrics: list[bytes] = []
        self._never = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        self.requests += 1
        match self.manner:
            case "hang":
                await self._never.wait()
            case "500" | "503":
                return web.Response(status=int(self.manner))
            case "redirect":
                return web.Response(status=307, headers={"Location": f"{self.url}/elsewhere"})
        body = await request.read()
        self.sent.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        (self._spans if request.path.endswith("/traces") else self._metrics).append(body)
        return web.Response()

    def let_go(self) -> None:
        self._never.set()

    def spans(self, name: str | None = None) -> list[Span]:
        """The spans that arrived; of that name only."""
        found = [
            Span(span, _plain(each.resource.attributes))
            for body in self._spans
            for each in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in each.scope_spans
            for span in scope.spans
        ]
        return [each for each in found if name in (None, each.name)]

    def metrics(self) -> dict[str, dict[frozenset[tuple[str, Any]], Any]]:
        """The last value of each metric by its labels; of a histogram its count."""
        found: dict[str, dict[frozenset[tuple[str, Any]], Any]] = {}
        for body in self._metrics:
            for each in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for metric in (one for scope in each.scope_metrics for one in scope.metrics):
                    points = getattr(metric, metric.WhichOneof("data")).data_points
                    for point in points:
                        labels = frozenset(_plain(point.attributes).items())
                        found.setdefault(metric.name, {})[labels] = _value(point)
        return found


@asynccontextmanager
async def collector(manner: Manner = "well") -> AsyncIterator[Collector]:
    """A collector at ``url``, until the end of the body."""
    made = Collector(manner)
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield made
    finally:
        made.let_go()
        await runner.cleanup()


def _plain(attributes: Any) -> dict[str, Any]:
    return dict(_pairs(attributes))


def _pairs(attributes: Any) -> Iterator[tuple[str, Any]]:
    for each in attributes:
        yield each.key, getattr(each.value, each.value.WhichOneof("value"))


def _value(point: Any) -> Any:
    if hasattr(point, "bucket_counts"):
        return point.count
    return getattr(point, point.WhichOneof("value"))
