"""Spans: which there are, of which trace, and what is on them."""

from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Sampler
from opentelemetry.trace import SpanKind, StatusCode

from batcher.accounting.verdicts import Verdict
from batcher.clock import SystemClock
from batcher.telemetry.spans import Spans
from tests.telemetry.samples import FAILED, HOSTILE, PLACE, made, result


class Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


def at_work(kind: str = "run", sampler: Sampler | None = None) -> tuple[Spans, list[ReadableSpan]]:
    kept, provider = Kept(), TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("test")
    return Spans(tracer, clock=SystemClock(), kind=kind, session="abc"), kept.spans


def test_attempts_before_the_start_and_lists_are_of_no_update() -> None:
    spans, kept = at_work()
    spans.attempted(made(operation="GetEventTrigger"), PLACE)
    spans.begin()
    spans.attempted(made(operation="ListEventTriggers", id="acme"), PLACE)
    spans.attempted(made(queued=1.0, token=2.0), PLACE)
    spans.settled(result())
    spans.ended(None)
    spans.close()
    looked, listed, attempt, update, run = kept
    assert (looked.parent, listed.parent, run.parent) == (None, None, None)
    assert looked.links[0].context == run.context
    assert attempt.parent == update.context
    assert attempt.kind is SpanKind.CLIENT
    assert (run.name, run.status.status_code) == ("run", StatusCode.ERROR)
    assert attempt.start_time
    assert update.start_time
    assert attempt.end_time
    assert 3 <= (attempt.start_time - update.start_time) / 1e9 < 3.1
    assert (attempt.end_time - attempt.start_time) / 1e9 == pytest.approx(0.25, abs=1e-3)
    assert attempt.attributes
    assert attempt.attributes["server.port"] == 443
    assert "error.type" not in attempt.attributes


def test_what_failed_says_its_code_and_no_word_of_aws() -> None:
    spans, kept = at_work("worker")
    spans.attempted(made(verdict=Verdict.THROTTLED, number=3), PLACE)
    spans.settled(result(**FAILED))
    attempt, update = kept
    for each in (attempt, update):
        assert each.status.status_code is StatusCode.ERROR
        assert each.attributes
        assert each.attributes["error.type"] == "Odd"
        assert "SECRET" not in each.to_json()
        assert "batcher.run.id" not in each.attributes
    assert attempt.attributes
    assert attempt.attributes["http.request.resend_count"] == 2


def test_updates_of_one_id_in_two_targets_are_two_traces() -> None:
    spans, kept = at_work("worker")
    for target in ("a", "b"):
        spans.attempted(made(target=target), PLACE)
    for target in ("b", "a"):
        spans.settled(result(target=target))
    traces = {
        (each.attributes or {})["batcher.target"]: each.context.trace_id
        for each in kept
        if each.context
    }
    assert len(set(traces.values())) == 2
    assert [each.name for each in kept].count("update") == 2


def test_updates_without_a_result_are_kept_up_to_a_bound_and_ended_at_the_end() -> None:
    spans, kept = at_work("worker")
    spans.open_at_most = 10
    for number in range(13):
        spans.attempted(made(id=str(number)), PLACE)
    assert sum(each.name == "update" for each in kept) == 3
    spans.close()
    assert sum(each.name == "update" for each in kept) == 13


def test_what_is_not_sampled_costs_no_span() -> None:
    spans, kept = at_work(sampler=ALWAYS_OFF)
    spans.begin()
    spans.attempted(made(), PLACE)
    spans.settled(result())
    spans.ended(None)
    assert kept == []


def test_hostile_text_is_encoded_and_takes_no_other_span_with_it() -> None:
    spans, kept = at_work("worker")
    spans.attempted(made(id=HOSTILE, target=HOSTILE), PLACE)
    spans.settled(result(HOSTILE, target=HOSTILE, domain=HOSTILE, trigger=HOSTILE))
    for each in kept:
        for value in (each.attributes or {}).values():
            str(value).encode()
            assert "\x1b" not in str(value)
