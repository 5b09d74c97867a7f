"""The last hour of a worker as plots: requests against pace and quota, results, the queue."""

from collections.abc import Callable, Sequence

from batcher.number_text import duration, pace
from batcher.pages.plots import Plot, Series
from batcher.status.history import EVERY, Moment

GOOD = ("succeeded", "unchanged")
LATE = 3 * EVERY  # seconds between two moments, in which the worker or its host stood still


def hour_plots(hour: Sequence[Moment]) -> list[Plot]:
    """What there is to be seen of these moments, oldest first; nothing of none."""
    if not hour:
        return []
    plots = [_requests(hour), _results(hour), _waiting(hour)]
    if any(each.oldest_seconds is not None for each in hour):
        plots.append(_oldest(hour))
    return plots


def _requests(hour: Sequence[Moment]) -> Plot:
    sent = [each.requests for each in hour]
    throttled = [each.throttles for each in hour]
    marked = sum(map(bool, throttled))
    return _plot(
        hour,
        name="requests",
        title="Requests against the quota",
        says=(
            f"{_course(sent, pace)}; throttled in {marked} of {len(hour)} spans of"
            f" {duration(EVERY)}. The pace and the quota are those of updates."
        ),
        unit="requests a second",
        series=[
            Series(name="sent", values=sent, kind="area", tone="blue"),
            Series(name="pace", values=[e.rate for e in hour], kind="line", tone="green"),
            Series(name="quota", values=[e.quota for e in hour], kind="dashed", tone="grey"),
            Series(name="throttled", values=throttled, kind="marks", tone="red"),
        ],
    )


def _results(hour: Sequence[Moment]) -> Plot:
    bad = [sum(of for name, of in each.results.items() if name not in GOOD) for each in hour]
    done = [each.results.get("succeeded", 0.0) for each in hour]
    unchanged = [each.results.get("unchanged", 0.0) for each in hour]
    return _plot(
        hour,
        name="results-by-status",
        title="Results",
        says=f"Succeeded: {_course(done, pace)}. Not as asked: {_course(bad, pace)}.",
        unit="results a second",
        series=[
            Series(name="succeeded", values=done, kind="area", tone="blue"),
            Series(name="unchanged", values=unchanged, kind="dotted", tone="grey"),
            Series(name="not as asked", values=bad, kind="line", tone="red"),
        ],
    )


def _waiting(hour: Sequence[Moment]) -> Plot:
    waiting = [None if each.waiting is None else float(each.waiting) for each in hour]
    return _plot(
        hour,
        name="queue-depth",
        title="Waiting in the queue",
        says=f"{_course(waiting, lambda count: f'{count:,.0f}')}.",
        unit="messages, or files of a spool directory",
        series=[Series(name="waiting", values=waiting, kind="area", tone="purple")],
    )


def _oldest(hour: Sequence[Moment]) -> Plot:
    ages = [each.oldest_seconds for each in hour]
    return _plot(
        hour,
        name="oldest-age",
        title="Age of the oldest",
        says=f"{_course(ages, duration)}.",
        unit="seconds",
        series=[Series(name="oldest", values=ages, kind="line", tone="purple")],
    )


def _plot(
    hour: Sequence[Moment], *, name: str, title: str, says: str, unit: str, series: list[Series]
) -> Plot:
    """A plot that counts back from the newest moment. Where none was noted, lines break off."""
    end = hour[-1].at
    ends = [min(0.0, each.at - end) for each in hour]
    edges = [ends[0] - EVERY, *ends]
    for at in range(1, len(edges)):  # the clock of the host may have been set back meanwhile
        edges[at] = max(edges[at], edges[at - 1])
    late = {at for at in range(1, len(hour)) if edges[at + 1] - edges[at] > LATE}
    return Plot(
        name=name,
        title=title,
        says=says,
        unit=unit,
        edges=edges,
        series=series,
        breaks=frozenset(late),
    )


def _course(values: Sequence[float | None], write: Callable[[float], str]) -> str:
    """A series in words: its least, its most, its last."""
    known = [value for value in values if value is not None]
    if not known:
        return "Not known"
    last = "not known" if values[-1] is None else write(values[-1])
    return f"Between {write(min(known))} and {write(max(known))}, {last} at the end"
