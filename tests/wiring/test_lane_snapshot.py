"""A lane at one moment."""

from types import SimpleNamespace
from typing import Any

from batcher.accounting.tally import Tally
from batcher.wiring.lane_snapshot import lane_snapshot
from batcher.wiring.pacers import QuotaPace


def test_a_lane_is_shown_with_the_pace_of_its_quota() -> None:
    pace = QuotaPace(rate=48.0, own_rate=24.0, quota=50.0, bucket="1/us-east-1", bound=24.0)
    pacers: Any = SimpleNamespace(pace_of=lambda pacer: lambda: pace)
    pacer = SimpleNamespace(
        in_flight=3, waiting=7, time_breakdown=SimpleNamespace(token_seconds=1.5)
    )
    reading = SimpleNamespace(waiting=2)  # updates that wait to be looked at
    lane: Any = SimpleNamespace(target="prod", pacer=pacer, pacers=[pacer, reading])
    found = lane_snapshot(pacers, lane, Tally(), no_images="why")
    assert (found.rate, found.quota, found.in_flight, found.waiting) == (48.0, 50.0, 3, 9)
    assert (found.token_seconds, found.no_images, found.target) == (1.5, "why", "prod")
    assert (found.bucket, found.bound) == ("1/us-east-1", 24.0)
