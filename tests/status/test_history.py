"""The last hour: what was done a second, of a worker that stood still too, and never more."""

from batcher.records import Depth
from batcher.status.history import KEPT, History, Totals
from batcher.status.snapshot import LaneSnapshot


def lane(
    rate: float | None, quota: float | None = None, operation: str = "UpdateEventTrigger"
) -> LaneSnapshot:
    return LaneSnapshot(target="t", operation=operation, rate=rate, quota=quota)


def test_a_moment_has_what_was_done_a_second_since_the_one_before() -> None:
    history = History()
    depth = Depth(waiting=7, held=1, dead=None, oldest_seconds=2.5)
    history.note(100.0, 5000.0, Totals(requests=10, throttles=1, results={"failed": 1}))
    assert history.moments == ()  # nobody knows how long the first ten took
    later = Totals(requests=110, throttles=6, results={"failed": 1, "succeeded": 90})
    lanes = [lane(3.0, 5.0), lane(4.0, 6.0), lane(9.0, operation="GetEventTrigger"), lane(None)]
    history.note(120.0, 5020.0, later, lanes, depth)
    (moment,) = history.moments
    assert (moment.at, moment.requests, moment.throttles) == (5020.0, 5.0, 0.25)
    assert moment.results["succeeded"] == 4.5
    assert moment.results["failed"] == moment.results["stale"] == 0
    assert (moment.rate, moment.quota) == (7.0, 11.0)  # of updates, of all targets together
    assert (moment.waiting, moment.oldest_seconds) == (7, 2.5)
    history.note(520.0, 5420.0, later)  # it stood still for 400 s: nothing was done, nothing known
    assert (history.moments[-1].requests, history.moments[-1].rate) == (0, None)
    assert history.moments[-1].waiting is None
    history.note(520.0, 5420.0, later)  # no time has passed
    assert len(history) == 2


def test_a_quota_that_targets_share_counts_once() -> None:
    def at_work(bucket: str | None) -> LaneSnapshot:
        return LaneSnapshot(
            target="t", operation="UpdateEventTrigger", rate=20.0, quota=25.0, bucket=bucket
        )

    history = History()
    history.note(100.0, 5000.0, Totals())
    lanes = [at_work("one"), at_work("one"), at_work("two"), at_work(None), at_work(None)]
    history.note(120.0, 5020.0, Totals(), lanes)
    assert (history.moments[-1].rate, history.moments[-1].quota) == (80.0, 100.0)


def test_a_quota_of_some_targets_is_not_held_against_the_pace_of_all() -> None:
    history = History()
    history.note(100.0, 5000.0, Totals())
    history.note(120.0, 5020.0, Totals(), [lane(3.0, 5.0), lane(4.0)])
    assert (history.moments[-1].rate, history.moments[-1].quota) == (7.0, None)


def test_it_keeps_an_hour() -> None:
    history = History()
    for at in range(2 * KEPT):
        history.note(float(at), float(at), Totals(requests=at), [lane(1.0)] * 3)
    assert len(history) == KEPT
    assert history.moments[0].at == KEPT
