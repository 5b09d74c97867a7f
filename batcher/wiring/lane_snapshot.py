"""A lane at one moment, for whoever shows it: the status of a worker, and metrics."""

from batcher.accounting.tally import Tally
from batcher.engine.lane import Lane
from batcher.operations import UPDATE_TRIGGER
from batcher.status.snapshot import LaneSnapshot
from batcher.wiring.pacers import Pacers


def lane_snapshot(
    pacers: Pacers, lane: Lane, tally: Tally, *, no_images: str | None
) -> LaneSnapshot:
    """A lane at this moment; ``tally``: of all results of its target, by earlier lanes too."""
    pace = pacers.pace_of(lane.pacer)()
    return LaneSnapshot(
        target=lane.target,
        operation=UPDATE_TRIGGER,
        rate=pace.rate,
        quota=pace.quota,
        bound=pace.bound,
        bucket=pace.bucket,
        in_flight=lane.pacer.in_flight,
        waiting=sum(pacer.waiting for pacer in lane.pacers),  # to be looked at, or sent
        token_seconds=lane.pacer.time_breakdown.token_seconds,
        counts=tally.counts(tally.done),
        no_images=no_images,
    )
