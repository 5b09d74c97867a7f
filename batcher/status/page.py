"""The status page for people: one plain HTML page without scripts that loads itself anew."""

from collections.abc import Iterable
from html import escape

from batcher.records import STATUSES, Depth, Result
from batcher.status.snapshot import LaneSnapshot, WorkerSnapshot

REFRESH = 5  # seconds
FAILURES = 20  # shown at most

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{refresh}">
<title>{state} · batcher worker</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif }}
body {{ max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 0 0 1.5rem }}
caption {{ text-align: left; font-weight: bold; padding: .3rem 0 }}
th, td {{ text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top }}
th, td {{ border-bottom: 1px solid #8885 }}
td.n {{ text-align: right; font-variant-numeric: tabular-nums }}
</style>
</head>
<body>
<h1>{state}</h1>
{body}</body>
</html>
"""


def page(snapshot: WorkerSnapshot) -> str:
    """The page that shows a snapshot. Every value is escaped."""
    depth, failures = snapshot.depth, map(_failure, _failures(snapshot.recent))
    tables = (
        _table("Worker", (), _facts(snapshot)),
        _table("Queue", _DEPTH, [_depth(depth)])
        if depth
        else "<p>The queue does not answer.</p>\n",
        _table("Pace", _LANE, map(_lane, snapshot.lanes)),
        _table("Results", ("target", *map(_words, STATUSES)), _results(snapshot.lanes)),
        _table(f"Latest failures (at most {FAILURES})", _FAILURE, failures),
    )
    state = escape(_state(snapshot))
    return _PAGE.format(refresh=REFRESH, state=state, body="".join(tables))


def _state(snapshot: WorkerSnapshot) -> str:
    if not snapshot.alive:
        return f"Stuck: {snapshot.reason or 'its loop does not turn'}"
    if not snapshot.ready:
        return f"Not ready: {snapshot.reason or 'no reason given'}"
    return "Ready" if snapshot.paused is None else f"Paused {snapshot.paused}"


def _facts(now: WorkerSnapshot) -> list[tuple[object, ...]]:
    return [("worker", now.worker), ("queue", now.queue), ("started", now.started_at)]


_DEPTH = ("waiting", "held by workers", "set aside", "oldest")


def _depth(depth: Depth) -> tuple[object, ...]:
    oldest = None if depth.oldest_seconds is None else f"{depth.oldest_seconds:,.0f} s"
    return depth.waiting, depth.held, depth.dead, oldest


_PACE = ("rate", "quota", "in flight", "waiting", "waited for tokens")
_LANE = ("target", "operation", *_PACE, "before images")


def _lane(lane: LaneSnapshot) -> tuple[object, ...]:
    paces, waited = (_pace(lane.rate), _pace(lane.quota)), f"{lane.token_seconds:,.1f} s"
    images = "kept" if lane.no_images is None else f"none: {lane.no_images}"
    return lane.target, lane.operation, *paces, lane.in_flight, lane.waiting, waited, images


def _pace(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:,.3g}/s"


def _results(lanes: Iterable[LaneSnapshot]) -> list[tuple[object, ...]]:
    return [
        (lane.target, *(getattr(lane.counts, status) for status in STATUSES))
        for lane in lanes
        if lane.counts
    ]


_FAILURE = ("finished", "id", "target", "trigger", "status", "code", "message")


def _failures(recent: Iterable[Result]) -> list[Result]:
    return [result for result in recent if result.error is not None][:FAILURES]


def _failure(result: Result) -> tuple[object, ...]:
    why = (result.error.code, result.error.message) if result.error else (None, None)
    status = _words(result.status)
    return result.finished_at, result.id, result.target, result.trigger, status, *why


def _words(name: str) -> str:
    return name.replace("_", " ")


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """A table, or nothing without rows. What is not known is a question mark."""
    cells = ["".join(map(_cell, row)) for row in rows]
    if not cells:
        return ""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n"
        + (f"<tr>{head}</tr>\n" if head else "")
        + "".join(f"<tr>{row}</tr>\n" for row in cells)
        + "</table>\n"
    )


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f'<td class="n">{value:,}</td>'
    return f"<td>{'?' if value is None else escape(str(value))}</td>"
