"""The SDK's exporters: the standard variables, and no redirect with what may be a credential."""

import pytest

from batcher.clock import SystemClock
from batcher.logs import logger
from batcher.telemetry.exporting import Exporting
from tests.telemetry.collector import collector
from tests.waiting import until


def exporting(url: str) -> Exporting:
    return Exporting(url, kind="run", session="abc", clock=SystemClock(), log=logger())


async def test_variables_of_opentelemetry_say_who_it_is_and_what_it_sends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=mine,team=crm")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush")
    async with collector() as taken:
        sender = exporting(taken.url)
        await until(sender.finish().is_set)
        sender.stop()
    (run,) = taken.spans()
    known = ("service.name", "service.instance.id", "team")
    assert [run.resource[name] for name in known] == ["nightly", "mine", "crm"]
    assert taken.headers[0]["authorization"] == "Bearer hush"
    assert sender.delivery.lost_text() is None


async def test_a_redirect_is_not_followed() -> None:
    async with collector("redirect") as taken:
        sender = exporting(taken.url)
        await until(sender.finish().is_set)
        sender.stop()
    assert taken.requests == 1
    assert sender.delivery.sent == 0
