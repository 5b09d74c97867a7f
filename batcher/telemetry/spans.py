"""Spans: a trace for each update, with an attempt each below it, by AWS's semantic conventions.

The traces of a run are linked to the span of the run, and no part of its trace: no backend shows a
trace of a million spans. No span has what an update sets, nor what AWS says of it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from batcher.accounting.tally import WELL
from batcher.accounting.verdicts import Verdict
from batcher.clock import SystemClock
from batcher.foreign_text import printable
from batcher.ports import AttemptMade
from batcher.records import Result, Summary
from batcher.target_identity import TargetIdentity

SERVICE = "CustomerProfiles"
OPEN_AT_MOST = 4096  # updates without a result yet; the oldest one's trace is ended there
_LISTS = "List"  # requests whose name begins so are made for no update

Attributes = dict[str, AttributeValue]


class Spans:
    """The spans of a run or a worker. ``kind``: of run, or ``worker``, which has no span itself."""

    def __init__(self, tracer: Tracer, *, clock: SystemClock, kind: str, session: str) -> None:
        self.open_at_most = OPEN_AT_MOST
        self._tracer = tracer
        self._clock = clock
        self._open: OrderedDict[tuple[str, str], Span] = OrderedDict()
        self._common: Attributes = {}
        self._run: Span | None = None
        self._links: Sequence[Link] = ()
        self._at_work = kind == "worker"
        if not self._at_work:
            self._common = {"batcher.run.id": session}
            attributes = {**self._common, "batcher.run.kind": kind}
            self._run = tracer.start_span(
                "run", context=set_span_in_context(INVALID_SPAN), attributes=attributes
            )
            self._links = [Link(self._run.get_span_context())]

    def begin(self) -> None:
        """From now on attempts are made for updates; those before belong to no update's trace."""
        self._at_work = True

    def attempted(self, made: AttemptMade, place: TargetIdentity) -> None:
        """Make the span of an attempt that is just over."""
        end = self._clock.epoch()
        start = end - made.attempt.seconds
        root = self._root(made, start - made.queued - made.token)
        if root is not None and not root.is_recording():
            return
        links = self._links if root is None else ()
        span = self._tracer.start_span(
            f"{SERVICE}.{made.operation}",
            context=set_span_in_context(root or INVALID_SPAN),
            kind=SpanKind.CLIENT,
            attributes=self._of_attempt(made, place),
            links=links,
            start_time=_ns(start),
        )
        if made.verdict is not Verdict.ACCEPTED:
            span.set_status(Status(StatusCode.ERROR))
        span.end(_ns(end))

    def settled(self, result: Result) -> None:
        """End the trace of an update, which begins here where no attempt was made for it."""
        root = self._open.pop((result.target, result.id), None)
        if root is None:
            root = self._start(_epoch(result.started_at))
        if not root.is_recording():
            return
        root.set_attributes(_of_result(result))
        if result.status not in WELL:
            root.set_status(Status(StatusCode.ERROR))
        root.end()

    def ended(self, summary: Summary | None) -> None:
        """End the span of a run."""
        run, self._run = self._run, None
        if run is None:
            return
        if summary is not None:
            run.set_attributes(_of_summary(summary))
        if summary is None or summary.stopped is not None:
            run.set_status(Status(StatusCode.ERROR))
        run.end()

    def close(self) -> None:
        """End what is open: an update without a result here has none, or a later session does."""
        for root in self._open.values():
            root.end()
        self._open.clear()
        if self._run is not None:
            self._run.end()
            self._run = None

    def _root(self, made: AttemptMade, start: float) -> Span | None:
        """The span of the update that an attempt was made for; None where it was for none."""
        if not self._at_work or made.operation.startswith(_LISTS):
            return None
        key = (made.target, made.id)
        root = self._open.get(key)
        if root is None:
            root = self._open[key] = self._start(start)
            root.set_attributes(
                {"batcher.update.id": printable(made.id), "batcher.target": printable(made.target)}
            )
            if len(self._open) > self.open_at_most:
                self._open.popitem(last=False)[1].end()
        return root

    def _start(self, start: float) -> Span:
        return self._tracer.start_span(
            "update",
            context=set_span_in_context(INVALID_SPAN),
            attributes=self._common,
            links=self._links,
            start_time=_ns(start),
        )

    def _of_attempt(self, made: AttemptMade, place: TargetIdentity) -> Attributes:
        """What the conventions for calls of an AWS SDK name, and ours."""
        attempt, endpoint = made.attempt, urlsplit(place.endpoint)
        found: Attributes = {
            **self._common,
            "rpc.system": "aws-api",
            "rpc.system.name": "aws-api",
            "rpc.service": SERVICE,
            "rpc.method": made.operation,
            "cloud.region": place.region,
            "server.address": endpoint.hostname or "",
            "server.port": endpoint.port or (80 if endpoint.scheme == "http" else 443),
            "batcher.update.id": printable(made.id),
            "batcher.target": printable(made.target),
            "batcher.attempt": made.number,
            "batcher.verdict": made.verdict.value,
            "batcher.token.seconds": round(made.token, 4),
        }
        if attempt.request_id is not None:
            found["aws.request_id"] = printable(attempt.request_id)
        if attempt.http_status is not None:
            found["http.response.status_code"] = attempt.http_status
        if made.number > 1:
            found["http.request.resend_count"] = made.number - 1
        if made.verdict is not Verdict.ACCEPTED:
            found["error.type"] = printable(attempt.code or made.verdict.value)
        return found


def _of_result(result: Result) -> Attributes:
    found: Attributes = {
        "batcher.update.id": printable(result.id),
        "batcher.update.line": result.line,
        "batcher.target": printable(result.target),
        "batcher.status": result.status,
        "batcher.attempts": result.attempts,
        "batcher.throttles": result.throttles,
    }
    if result.domain is not None:
        found["batcher.domain"] = printable(result.domain)
    if result.trigger is not None:
        found["batcher.trigger"] = printable(result.trigger)
    if result.error is not None:
        found["error.type"] = printable(result.error.code)
    return found


def _of_summary(summary: Summary) -> Attributes:
    names = ("total", "succeeded", "unchanged", "failed", "in_doubt", "attempts", "throttles")
    return {f"batcher.{name}": getattr(summary, name) for name in names}


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


def _epoch(wall: str) -> float:
    return datetime.fromisoformat(wall).timestamp()
