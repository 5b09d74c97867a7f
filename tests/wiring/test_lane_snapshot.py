"""A lane at one moment."""

from types import SimpleNamespace
from typing import Any

import pytest

from batcher.accounting.tally import Tally
from batcher.wiring.lane_snapshot import lane_snapshot


@pytest.mark.parametrize(("doubt", "quota"), [(0.5, 50.0), (1, None)])
def test_a_quota_that_is_a_guess_is_not_shown(doubt: float, quota: float | None) -> None:
    learned = SimpleNamespace(rate=50.0, doubt=doubt)
    pacers: Any = SimpleNamespace(
        learned=lambda pacer: learned, shared_bucket=lambda pacer: "1/us-east-1"
    )
    pacer = SimpleNamespace(
        limiter=SimpleNamespace(rate=48.0),
        in_flight=3,
        waiting=7,
        time_breakdown=SimpleNamespace(token_seconds=1.5),
    )
    lane: Any = SimpleNamespace(target="prod", pacer=pacer)
    found = lane_snapshot(pacers, lane, Tally(), no_images="why")
    assert (found.rate, found.quota, found.in_flight, found.waiting) == (48.0, quota, 3, 7)
    assert (found.token_seconds, found.no_images, found.target) == (1.5, "why", "prod")
    assert found.bucket == "1/us-east-1"
