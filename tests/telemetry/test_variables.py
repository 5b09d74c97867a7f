"""Variables of OpenTelemetry's that can't be so are refused, which the SDK passes over."""

import logging

import pytest

from batcher.clock import SystemClock
from batcher.errors import SettingsError
from batcher.logs import logger
from batcher.telemetry.exporting import Exporting
from batcher.telemetry.telemetry import Telemetry
from batcher.telemetry.variables import checked_variables


def opened(url: str = "http://127.0.0.1:9") -> None:
    with checked_variables():
        made = Exporting(url, kind="run", session="abc", clock=SystemClock(), log=logger())
    made.stop()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1", "must be"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many", "OTEL_BSP_MAX_QUEUE_SIZE as integer"),
        ("OTEL_TRACES_SAMPLER", "garbage", "sampler garbage"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip", "compression type: zip"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hush", "not name=value"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "nan", "OTEL_EXPORTER_OTLP_TIMEOUT is no time: nan"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon", "OTEL_METRIC_EXPORT_INTERVAL is no time: soon"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/gone.pem", "OTLP_CERTIFICATE can't be read: /gone"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team", "pair team"),
    ],
)
async def test_what_can_not_be_is_refused_before_the_start(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    url = "http://127.0.0.1:9"
    telemetry = Telemetry(url, kind="run", session="abc", clock=SystemClock(), log=logger())
    with pytest.raises(SettingsError, match=said) as refused:
        async with telemetry.open():
            raise AssertionError
    text = str(refused.value)
    assert text.endswith(". Correct the variables that begin with OTEL_.")
    assert "hush" not in text
    assert ".." not in text.replace("(..._HEADERS)", "")
    assert "efault" not in text


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_EXPORTER_OTLP_HEADERS": "a=b,c=d%20e", "OTEL_EXPORTER_OTLP_TIMEOUT": ""},
        {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"},
        {"OTEL_SDK_DISABLED": "true"},
    ],
)
def test_what_can_be_is_taken(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    opened()


def test_what_a_host_does_not_tell_is_no_variable() -> None:
    with checked_variables():
        logging.getLogger("opentelemetry.sdk.resources").warning("Failed to detect %s", "host.id")


def test_what_a_variable_says_while_the_sdk_is_imported_is_refused_as_well() -> None:
    with pytest.raises(SettingsError, match="must be a non-negative integer"), checked_variables():
        raise ValueError("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT must be a non-negative integer")
