"""The end of a run, said to people: what became of the updates, where the time went, what was written."""

from collections.abc import Iterator

from batcher.bulk import BulkRun
from batcher.cli.words import duration, number, pace, several
from batcher.records import STATUSES, Summary


def lines(run: BulkRun, summary: Summary) -> Iterator[str]:
    """Lines for people; none quotes a sensitive member."""
    counts = {status: getattr(summary, status) for status in (*STATUSES, "not_started")}
    shown = ", ".join(f"{number(count)} {status.replace('_', ' ')}" for status, count in counts.items() if count)
    yield f"{several(summary.total, 'update')}: {shown or 'nothing done'}."
    yield (
        f"{several(summary.attempts, 'attempt')}, {number(summary.throttles)} throttled; "
        f"{pace(summary.rate)} over {duration(summary.wall_seconds)}."
    )
    for code, count in summary.errors.items():
        yield f"  {code}: {number(count)}"
    if summary.stopped:
        yield f"Stopped early: {summary.stopped}. Run the same command again to resume."
    yield from _written(run, summary)


def _written(run: BulkRun, summary: Summary) -> Iterator[str]:
    directory = run.directory
    yield f"Results: {directory.results}   Summary: {directory.summary}   Log: {directory.log}"
    if summary.failed or summary.in_doubt:
        yield f"To run the failed ones again: batcher run {directory.failed}"
