"""What a simulation came to, as one JSON object."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from batcher.accounting.limit import Limit
from batcher.cli.output.explanation import conditions_told
from batcher.jobs.simulation_report import SimulationReport
from batcher.triggers.semantics.explanation import TriggerVerdict
from batcher.triggers.semantics.firing_limits import Firing

OF_COMPARISON = {
    "triggers": ("started", "stopped", "released", "suppressed"),
    "profiles": ("before", "gained", "lost", "affected"),
}
"""Members that are null where nothing is known of what fires before."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def simulation_json(
    report: SimulationReport, limit: Limit | None, *, show_sensitive: bool = False
) -> bytes:
    """One JSON object: the report with its sums."""
    members: dict[str, Any] = msgspec.to_builtins(report)
    members["explained"] = [
        {
            "event": each.event,
            "trigger": each.trigger,
            "before": _side_told(each.before, each.firing_before, show_sensitive),
            "after": _side_told(each.after, each.firing_after, show_sensitive),
        }
        for each in report.explained
    ]
    sums = {
        "fired_before": report.fired_before,
        "fired_after": report.fired_after,
        "started": report.started,
        "stopped": report.stopped,
        "depends_on": report.depends_on,
        "complete": report.is_complete,
        "saw_nothing": report.saw_nothing,
        "max_new_firings": None if limit is None else str(limit),
        "exceeded": limit is not None and report.exceeds(limit),
    }
    members["events"] |= {name: moment_text(members["events"][name]) for name in ("first", "last")}
    return msgspec.json.encode(sums | members if report.compares else _after_alone(sums | members))


def _after_alone(members: dict[str, Any]) -> dict[str, Any]:
    """The members without what a comparison says."""
    for each in members["triggers"]:
        each.update(dict.fromkeys(OF_COMPARISON["triggers"]))
    members["profiles"].update(dict.fromkeys(OF_COMPARISON["profiles"]))
    sums = dict.fromkeys(("fired_before", "started", "stopped"))
    return members | sums | {"most_affected": []}


def _side_told(
    verdict: TriggerVerdict | None, firing: Firing | None, show_sensitive: bool
) -> dict[str, Any] | None:
    if verdict is None:
        return None
    conditions = conditions_told(verdict.conditions, show_sensitive=show_sensitive)
    return {"firing": firing, "conditions": conditions}


def moment_text(at: int | None) -> str | None:
    """A time in microseconds as ISO 8601, to the second."""
    if at is None:
        return None
    return (
        (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
