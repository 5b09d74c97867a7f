"""What telemetry asks of a lane is what a snapshot of one has."""

from batcher.status.snapshot import LaneSnapshot
from batcher.telemetry.lane_state import LaneState


def test_a_snapshot_of_a_lane_has_all_of_it() -> None:
    state: LaneState = LaneSnapshot(target="prod", operation="GetEventTrigger")
    asked = {name for name in vars(LaneState) if not name.startswith("_")}
    assert {name for name in asked if not hasattr(state, name)} == set()
