"""The timeline of a report, made of what happened in each bucket of time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from batcher.accounting.histogram import Histogram
from batcher.jobs.report_results import Moments, ResultsDigest
from batcher.report.run_report import LatencyReport, Timeline, TimelineBucket

SHOWN = 200  # buckets at most
EMPTY = 10  # buckets without work in a row that are shown; more of them are a gap
COVERED = 0.8  # of the attempts that samples have to tell of to count


def timeline(digest: ResultsDigest) -> Timeline | None:
    """The run over time; None where nothing of it is known."""
    buckets = digest.buckets
    while (found := list(_filled(list(buckets.in_order()), buckets.width))) and len(found) > SHOWN:
        buckets.widen()
    if not found:
        return None
    measured = digest.sampled >= COVERED * max(1, digest.tally.attempts)
    begin = found[0][0]
    totals = accumulate(
        moments.sampled_throttles if measured else moments.throttles for _, moments, _ in found
    )
    throttles = [round(after) - round(before) for before, after in pairwise([0.0, *totals])]
    return Timeline(
        started_at=_moment(begin),
        bucket_seconds=buckets.width,
        quota_known=any(moments.quota is not None for _, moments, _ in found),
        measured=measured,
        buckets=[
            _bucket(at - begin, moments, buckets.width, count, after_gap=gap, measured=measured)
            for (at, moments, gap), count in zip(found, throttles, strict=True)
        ],
    )


def latency(digest: ResultsDigest) -> LatencyReport | None:
    """Percentiles over the whole run; None where nothing was asked of AWS."""
    found = digest.latency
    if not found.count:
        return None
    return LatencyReport(
        updates=found.count,
        p50=_percentile(found, 0.5) or 0.0,
        p90=_percentile(found, 0.9) or 0.0,
        p99=_percentile(found, 0.99) or 0.0,
        longest=round(found.longest, 3),
    )


def _filled(
    found: list[tuple[float, Moments]], width: float
) -> Iterator[tuple[float, Moments, bool]]:
    """Beginning and content of each bucket, with a few empty ones between; whether a gap is there.

    The gap is before it.
    """
    before = found[0][0] if found else 0.0
    for at, moments in found:
        missing = round((at - before) / width) - 1
        if 0 < missing <= EMPTY:
            for number in range(1, missing + 1):
                yield before + number * width, Moments(), False
        yield at, moments, missing > EMPTY
        before = at


def _bucket(
    second: float,
    moments: Moments,
    width: float,
    throttles: int,
    *,
    after_gap: bool,
    measured: bool,
) -> TimelineBucket:
    attempts = moments.sampled_attempts if measured else moments.attempts
    quota = moments.quota
    return TimelineBucket(
        second=second,
        after_gap=after_gap,
        attempts_per_second=round(attempts / width, 3),
        throttles=throttles,
        quota=None if quota is None else round(quota, 3),
        results=moments.results,
        p50=_percentile(moments.latency, 0.5),
        p90=_percentile(moments.latency, 0.9),
        p99=_percentile(moments.latency, 0.99),
    )


def _percentile(found: Histogram, part: float) -> float | None:
    seconds = found.percentile(part)
    return None if seconds is None else round(seconds, 4)


def _moment(seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
