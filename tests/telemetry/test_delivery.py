"""What arrived and what did not: counted, and told once."""

import logging

import pytest

from batcher.logs import logger
from batcher.telemetry.delivery import Delivery


def test_what_is_lost_is_counted_and_the_first_failure_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "batcher")
    delivery = Delivery("http://c", logger())
    assert delivery.lost_text() is None
    delivery.ended = 1500
    delivery.note_spans(1000, taken=True)
    assert delivery.lost_text() == "500 spans of 1,500 not sent"
    for _ in range(3):
        delivery.note_spans(500, taken=False)
        delivery.begin_metrics()
        delivery.note_metrics(taken=False)
    assert delivery.lost_text() == "500 spans of 1,500 not sent and metrics not sent 3 times"
    assert len(caplog.records) == 1


def test_metrics_whose_sending_does_not_end_are_not_sent() -> None:
    delivery = Delivery("http://c", logger())
    delivery.begin_metrics()
    assert delivery.lost_text() == "metrics not sent 1 time"
    delivery.note_metrics(taken=True)
    assert delivery.lost_text() is None
