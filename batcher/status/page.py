"""The status page for people: its parts, each made anew where something of it has changed.

The same parts make up the page as it is loaded, and what a live page is sent. Whatever is shown is
escaped where the templates are filled in. Nothing here waits, nor keeps anything of a worker.
"""

from collections.abc import Sequence
from importlib.resources import files
from shlex import quote
from typing import Any

import msgspec
from markupsafe import Markup

from batcher.number_text import duration, pace
from batcher.pages.environment import render_page
from batcher.records import STATUSES, FleetMember
from batcher.status.history import EVERY, Moment
from batcher.status.hour_plots import hour_plots
from batcher.status.snapshot import (
    REASONS_TOLD,
    RecordedFailure,
    WorkerSnapshot,
    paces_together,
)
from batcher.status.target_rows import LANE, bounded, target_rows

PACKAGE = "batcher.status"
REFRESH = 5  # seconds, where no script does better
SILENT_AFTER = 5.0  # seconds without a sign of life after which a process counts as silent
PARTS = (
    "state",
    "glance",
    "plots",
    "results",
    "failures",
    "letters",
    "pace",
    "fleet",
    "facts",
)


class StatusPage:
    """Makes the page of a worker; the plots are made anew only when there is more to show."""

    def __init__(self) -> None:
        self._plots: tuple[Sequence[Moment], str] | None = None

    def whole(self, now: WorkerSnapshot, hour: Sequence[Moment]) -> str:
        """The page that shows a worker, and its last hour."""
        parts = {name: Markup(text) for name, text in self.parts(now, hour).items()}
        head = _state(now)
        return render_page(PACKAGE, "status.html", now=now, parts=parts, refresh=REFRESH, **head)

    def parts(self, now: WorkerSnapshot, hour: Sequence[Moment]) -> dict[str, str]:
        """The parts of that page, by name."""
        content = _content(now)
        made = {name: _part(name, **content) for name in PARTS if name != "plots"}
        return {name: self._plotted(hour) if name == "plots" else made[name] for name in PARTS}

    def _plotted(self, hour: Sequence[Moment]) -> str:
        before = self._plots
        if before is None or before[0] != hour:
            before = self._plots = (hour, _part("plots", plots=hour_plots(hour), every=EVERY))
        return before[1]


def record_page(now: WorkerSnapshot, number: int, found: RecordedFailure | None) -> str:
    """The page of one failure: its record as it stands on disk, and where; None: it is not here."""
    lines: list[str] = []
    if found is not None:
        lines = (
            msgspec.json.format(msgspec.json.encode(found.record), indent=2).decode().split("\n")
        )
    return render_page(PACKAGE, "record.html", now=now, number=number, found=found, lines=lines)


def file_of_page(name: str) -> str:
    """A file beside the templates, such as the script."""
    return files(PACKAGE).joinpath("templates", name).read_text("utf-8")


def _part(name: str, **content: Any) -> str:
    return render_page(PACKAGE, f"parts/{name}.html", **content)


def _content(now: WorkerSnapshot) -> dict[str, Any]:
    rate, quota = paces_together(now.lanes)
    rows = target_rows(now)
    return {
        "now": now,
        "uptime": now.uptime_seconds,
        **_state(now),
        "rate": rate,
        "quota": quota,
        "pace_label": bounded("pace of updates", now.lanes),
        "outcomes": {status: getattr(now.counts, status) for status in STATUSES},
        "targets": rows.results,
        "lane_heads": LANE,
        "lanes": rows.lanes,
        "unusable": rows.unusable if len(now.unusable) > REASONS_TOLD else (),
        "left_out": rows.left_out,
        "members": list(map(_member, now.members or ())),
        "queue_argument": quote(now.queue),
    }


def _state(now: WorkerSnapshot) -> dict[str, Any]:
    """What is to be known first: the state in a word, why, and how well that is."""
    if not now.alive:
        why = now.reason or "its loop does not turn"
        return {"state": "Stuck", "tone": "bad", "symbol": "✗", "reasons": [why]}
    if not now.ready:
        why = now.reason or "no reason given"
        return {"state": "Not ready", "tone": "bad", "symbol": "✗", "reasons": [why]}
    if now.paused is not None:
        why = f"Paused {now.paused}"
        return {"state": "Paused", "tone": "warning", "symbol": "‖", "reasons": [why]}
    return {"state": "Ready", "tone": "good", "symbol": "✓", "reasons": []}


def _member(member: FleetMember) -> tuple[object, ...]:
    silent = member.silent_seconds
    heard = "now" if silent < SILENT_AFTER else f"silent for {duration(silent)}"
    parts = ["this worker"] if member.is_self else []
    parts += ["finds the quota for all"] if member.leads else []
    return member.name, pace(member.rate), heard, ", ".join(parts)
