"""How fast a process sends, by the last ten seconds or so."""

import pytest

from batcher.limiters.sent_rate import WINDOW, SentRate


def test_a_steady_pace_is_that_pace_and_silence_is_nothing_after_two_windows() -> None:
    sent = SentRate()
    assert sent.rate(1_000_000.0) == 0
    at = 1_000_000.0
    for _ in range(1000):  # 40 a second
        sent.add(at)
        at += 0.025
    assert sent.rate(at) == pytest.approx(40, rel=0.05)
    assert 0 < sent.rate(at + WINDOW) < 40
    assert sent.rate(at + 2 * WINDOW) == 0
