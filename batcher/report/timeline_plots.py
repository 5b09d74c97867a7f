"""A run over time as plots: its pace against the quota, and how long AWS took to answer."""

from batcher.number_text import duration_of_call, rate_text, several
from batcher.pages.plots import Plot, Series
from batcher.report.run_report import RunReport, TimelineBucket


def timeline_plots(report: RunReport) -> list[Plot]:
    """The plots of a report that has a timeline.

    Time without work is left out of them: a line breaks there, and goes on at once.
    """
    timeline = report.timeline
    if timeline is None or not timeline.buckets:
        return []
    buckets = timeline.buckets
    edges = [at * timeline.bucket_seconds for at in range(len(buckets) + 1)]
    breaks = frozenset(at for at, bucket in enumerate(buckets) if bucket.after_gap)
    plots = [_pace(buckets, edges, breaks)]
    if any(bucket.p50 is not None for bucket in buckets):
        plots.append(_latency(buckets, edges, breaks))
    return plots


def _pace(buckets: list[TimelineBucket], edges: list[float], breaks: frozenset[int]) -> Plot:
    attempts = [bucket.attempts_per_second for bucket in buckets]
    quotas = [bucket.quota for bucket in buckets]
    known = [quota for quota in quotas if quota is not None]
    throttles = sum(bucket.throttles for bucket in buckets)
    throttled = sum(1 for bucket in buckets if bucket.throttles)
    says = (
        f"Attempts: {rate_text(max(attempts))} at most, {rate_text(sum(attempts) / len(attempts))}"
        f" on average. {several(throttles, 'throttle')}, in {throttled} of"
        f" {several(len(buckets), 'span')} of time."
    )
    if known:
        says += f" Estimated quota: {rate_text(known[0])} at first, {rate_text(known[-1])} at last."
    series = [Series(name="attempts", values=attempts, kind="area", tone="blue")]
    if known:
        series.append(Series(name="estimated quota", values=quotas, kind="dashed", tone="green"))
    if throttles:
        values = [bucket.throttles for bucket in buckets]
        name = "throttled (how often: in the numbers)"
        series.append(Series(name=name, values=values, kind="marks", tone="red"))
    return Plot(
        name="plot-pace",
        title="Attempts against the estimated quota",
        says=says,
        unit="requests per second, over the time at work",
        edges=edges,
        series=series,
        breaks=breaks,
    )


def _latency(buckets: list[TimelineBucket], edges: list[float], breaks: frozenset[int]) -> Plot:
    slowest = max(bucket.p99 or 0 for bucket in buckets)
    return Plot(
        name="plot-latency",
        title="How long AWS took to answer",
        says=f"The slowest hundredth of the updates waited {duration_of_call(slowest)} at most.",
        unit="seconds that updates waited for answers, over the time at work",
        edges=edges,
        series=[
            Series(
                name="the slowest of 100 (p99)",
                values=[bucket.p99 for bucket in buckets],
                kind="dotted",
                tone="red",
            ),
            Series(
                name="the slowest of 10 (p90)",
                values=[bucket.p90 for bucket in buckets],
                kind="dashed",
                tone="purple",
            ),
            Series(
                name="the median (p50)",
                values=[bucket.p50 for bucket in buckets],
                kind="line",
                tone="blue",
            ),
        ],
        breaks=breaks,
    )
