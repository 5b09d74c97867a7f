"""OpenTelemetry's SDK with its exporters for OTLP over HTTP, in threads of their own.

The SDK reads the standard variables: headers, timeout, compression, certificates, service name,
resource attributes, sampler, sizes of queue and batch. Nothing here is waited for but by ``finish``
and for as long as its caller likes; queues are bounded, and what does not fit is dropped.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from requests import Session
from structlog.typing import FilteringBoundLogger

from batcher.clock import SystemClock
from batcher.foreign_text import shown_url
from batcher.telemetry.delivery import Delivery
from batcher.telemetry.instruments import Instruments
from batcher.telemetry.spans import Spans
from batcher.version import __version__

for _name in ("opentelemetry", "urllib3"):  # what they say is counted and told by Delivery
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Exporting:
    """The SDK at work, to be opened in ``checked_variables``. ``delivery`` counts what arrives."""

    def __init__(
        self,
        url: str,
        *,
        kind: str,
        session: str,
        clock: SystemClock,
        log: FilteringBoundLogger,
    ) -> None:
        self.delivery = Delivery(shown_url(url), log)
        self._is_finishing = False
        self._open(url.rstrip("/"), session)
        self.instruments = Instruments(self._meters.get_meter("batcher", __version__))
        self.spans = Spans(
            self._tracers.get_tracer("batcher", __version__),
            clock=clock,
            kind=kind,
            session=session,
        )

    def finish(self) -> threading.Event:
        """Send all that is left, in other threads; the event is set when that has ended."""
        self.spans.close()
        self._is_finishing = True
        done, left = threading.Event(), [self._tracers.shutdown, self._meters.shutdown]

        def end(shutdown: Callable[[], Any]) -> None:
            with suppress(Exception):  # nobody is there to be told
                shutdown()
            left.pop()
            if not left:
                done.set()

        for shutdown in tuple(left):
            threading.Thread(target=end, args=(shutdown,), daemon=True).start()
        return done

    def stop(self) -> None:
        """Drop what is left; the threads end as soon as what they wait for does."""
        self._dropping.set()
        for exporter in (self._span_exporter, self._metric_exporter):
            with suppress(Exception):
                exporter.shutdown()
        if not self._is_finishing:
            self.finish()

    def _open(self, url: str, session: str) -> None:
        named = {
            "service.name": "batcher",
            "service.version": __version__,
            "service.instance.id": session,
        }
        # what the variables say goes before what is said here
        resource = Resource.create({**named, **OTELResourceDetector().detect().attributes})
        self._dropping = threading.Event()
        common: dict[str, Any] = {"delivery": self.delivery, "dropping": self._dropping}
        self._span_exporter = _SpanExporter(
            endpoint=f"{url}/v1/traces", session=_session(), **common
        )
        self._metric_exporter = _MetricExporter(
            endpoint=f"{url}/v1/metrics", session=_session(), **common
        )
        self._tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracers.add_span_processor(_Counting(self.delivery))
        self._tracers.add_span_processor(BatchSpanProcessor(self._span_exporter))
        reader = PeriodicExportingMetricReader(self._metric_exporter)
        self._meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)


class _Counting(SpanProcessor):
    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self._delivery.ended += 1


class _SpanExporter(OTLPSpanExporter):
    def __init__(self, *, delivery: Delivery, dropping: threading.Event, **more: Any) -> None:
        super().__init__(**more)
        self._delivery = delivery
        self._dropping = dropping

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._dropping.is_set():
            return SpanExportResult.FAILURE
        result = super().export(spans)
        self._delivery.note_spans(len(spans), taken=result is SpanExportResult.SUCCESS)
        return result


class _MetricExporter(OTLPMetricExporter):
    def __init__(self, *, delivery: Delivery, dropping: threading.Event, **more: Any) -> None:
        super().__init__(**more)
        self._delivery = delivery
        self._dropping = dropping

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **more: Any
    ) -> MetricExportResult:
        if self._dropping.is_set():
            return MetricExportResult.FAILURE
        self._delivery.begin_metrics()
        result = super().export(metrics_data, timeout_millis, **more)
        self._delivery.note_metrics(taken=result is MetricExportResult.SUCCESS)
        return result


def _session() -> Session:
    """A session of HTTP that follows no redirect: headers may hold credentials."""
    session = Session()
    session.max_redirects = 0
    return session
