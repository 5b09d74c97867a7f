"""The plots of a report: the pace against the quota with throttles, and the latency."""

from msgspec.structs import replace

from batcher.report.run_report import RunReport, Timeline, TimelineBucket
from batcher.report.timeline_plots import timeline_plots
from tests.report.filled_records import Filled


def _plots(*buckets: TimelineBucket):
    timeline = Timeline(
        started_at="2026-11-27T16:50:43Z",
        bucket_seconds=5.0,
        quota_known=True,
        measured=True,
        buckets=list(buckets),
    )
    return timeline_plots(replace(Filled(bare=True).record(RunReport), timeline=timeline))


def test_the_pace_is_held_against_the_quota_and_time_without_work_is_left_out() -> None:
    first = TimelineBucket(
        second=0, attempts_per_second=10.0, throttles=0, results=50, p50=0.1, p90=0.2, p99=0.3
    )
    later = replace(
        first, second=9000, after_gap=True, attempts_per_second=20, throttles=2, quota=8
    )
    pace, latency = _plots(first, later)
    assert pace.edges == [0, 5, 10]
    assert pace.breaks == {1}
    assert [(each.name.split()[0], each.values) for each in pace.series] == [
        ("attempts", [10.0, 20]),
        ("estimated", [None, 8]),
        ("throttled", [0, 2]),
    ]
    assert pace.says == (
        "Attempts: 20/s at most, 15/s on average. 2 throttles, in 1 of 2 spans of time."
        " Estimated quota: 8/s at first, 8/s at last."
    )
    assert [each.values for each in latency.series] == [[0.3, 0.3], [0.2, 0.2], [0.1, 0.1]]


def test_what_is_not_known_is_not_drawn() -> None:
    empty = TimelineBucket(second=0, attempts_per_second=0.0, throttles=0, results=0)
    (pace,) = _plots(empty)
    assert [each.name for each in pace.series] == ["attempts"]
    assert _plots() == []
    assert timeline_plots(Filled(bare=True).record(RunReport)) == []
