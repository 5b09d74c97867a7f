"""The timeline of a report: evenly spaced, gaps left out, nothing lost."""

import pytest

from batcher.jobs.report_results import ResultsDigest
from batcher.jobs.report_timeline import SHOWN, latency, timeline
from batcher.storage.timeline_file import TimelineSample
from tests.jobs.reported_runs import moment, timed
from tests.jobs.test_report_results import result


def test_of_nothing_there_is_no_timeline() -> None:
    assert (timeline(ResultsDigest()), latency(ResultsDigest())) == (None, None)


def test_a_time_without_work_between_two_sessions_is_a_gap_and_a_short_one_is_shown() -> None:
    digest = ResultsDigest()
    for line, second in enumerate((1.5, 5.5, 1800.5), 1):
        digest.add(timed(result(line), second, seconds=0.2))
    found = timeline(digest)
    assert found is not None
    assert found.started_at == "2026-01-01T00:00:01.000Z"
    assert [each.second for each in found.buckets] == [0, 1, 2, 3, 4, 1799]
    assert [each.results for each in found.buckets] == [1, 0, 0, 0, 1, 1]
    assert [each.after_gap for each in found.buckets] == [False] * 5 + [True]
    assert found.buckets[1].p50 is None


def test_however_long_it_takes_there_are_few_buckets_of_one_length() -> None:
    digest = ResultsDigest()
    for line in range(1, 3001):
        digest.add(timed(result(line, "failed", "C"), line * 1.1, throttles=1))
    found = timeline(digest)
    assert found is not None
    assert SHOWN / 2 <= len(found.buckets) <= SHOWN
    assert sum(each.throttles for each in found.buckets) == 3000
    attempts = sum(each.attempts_per_second for each in found.buckets) * found.bucket_seconds
    assert attempts == pytest.approx(3000, rel=0.001)
    whole = latency(digest)
    assert whole is not None
    assert (whole.updates, whole.longest) == (3000, 0.5)


def test_what_was_recorded_counts_where_it_tells_of_most_attempts() -> None:
    digest = ResultsDigest()
    for line in range(1, 11):
        digest.add(timed(result(line), float(line), throttles=1))
    sample = TimelineSample(at=moment(10.0), target="t", seconds=10, answered=7, throttles=3)
    digest.sample([sample])
    found = timeline(digest)
    assert found is not None
    assert (found.measured, found.quota_known) == (True, False)
    assert sum(each.throttles for each in found.buckets) == 3, "as they came"
    digest.add(timed(result(11), 11.0))
    for line in range(12, 40):
        digest.add(timed(result(line), 12.0))
    found = timeline(digest)
    assert found is not None
    assert not found.measured, "an older session recorded nothing"
