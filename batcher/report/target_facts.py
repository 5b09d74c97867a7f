"""The targets of a run in a line each: where they are, and in which of them not all is well."""

from collections.abc import Sequence

from batcher.number_text import number, several
from batcher.report.run_report import TargetReport
from batcher.updates.target_places import places_text

NAMED = 5


def targets_amiss(targets: Sequence[TargetReport]) -> str | None:
    """Of several targets, worst first, in how many not all succeeded, and the first; else None."""
    if len(targets) < 2:
        return None
    amiss = [each for each in targets if each.unsuccessful or each.stopped is not None]
    if not amiss:
        return f"all is well in all {number(len(targets))}"
    named = ", ".join(f"{each.name} ({_said(each)})" for each in amiss[:NAMED])
    more = f" and {number(len(amiss) - NAMED)} more" if len(amiss) > NAMED else ""
    return f"not all is well in {number(len(amiss))} of {number(len(targets))}: {named}{more}"


def target_places(targets: Sequence[TargetReport]) -> str:
    """The accounts and Regions of many targets."""
    return f"{several(len(targets), 'target')}: {places_text(targets)}"


def _said(target: TargetReport) -> str:
    said = [
        f"{number(count)} {status.replace('_', ' ')}"
        for status, count in target.named_outcomes.items()
        if count and status not in ("succeeded", "unchanged")
    ]
    return ", ".join(said) or "stopped"
