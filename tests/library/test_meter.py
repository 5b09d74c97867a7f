"""How far a batch is."""

import dataclasses

from batcher.library.meter import EVERY, WINDOW, Meter
from batcher.public_records import Result
from batcher.records import Result as Record

FAILED = Result.of(Record.invalid(1, "eu", "no", "2026-01-01T00:00:00.000Z"))
DONE = dataclasses.replace(FAILED, status="succeeded", throttles=2)


def test_results_are_counted_and_the_pace_is_that_of_the_last_seconds() -> None:
    meter = Meter(1000, 0.0)
    assert meter.progress(0.0).rate == 0.0
    for second in range(100):
        for part in range(5 if second < 50 else 1):
            meter.add(FAILED if second == 3 else DONE, second + part / 5)
    progress = meter.progress(100.0)
    assert (progress.done, progress.total, progress.failed) == (300, 1000, 5)
    assert progress.throttles == 2 * 295
    assert abs(progress.rate - 1.0) < 0.1, "1/s for longer than the window"
    assert meter.progress(100.0 + WINDOW).rate < 0.6, "nothing since"


def test_it_is_told_now_and_then() -> None:
    meter = Meter(None, 0.0)
    told = [tick / 100 for tick in range(100) if meter.is_due(tick / 100)]
    assert 8 <= len(told) <= 1 / EVERY
