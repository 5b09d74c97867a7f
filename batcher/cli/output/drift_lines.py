"""Drift for people, by what is the matter and alike changes together, and as JSON."""

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from batcher.cli.output.diff import change_lines
from batcher.cli.output.echo import echo
from batcher.cli.output.next_command import next_command
from batcher.cli.output.selected_part import part_lines
from batcher.foreign_text import printable
from batcher.jobs.drift_base import DriftBase
from batcher.jobs.drift_report import Drifted, DriftedTrigger, DriftReport
from batcher.number_text import number, several
from batcher.triggers.masking import masked
from batcher.updates.target_causes import by_cause

TITLES: dict[Drifted, tuple[str, str]] = {
    "changed": ("Changed since", "yellow"),
    "gone": ("Gone, or not yours to see", "red"),
    "new": ("New", "green"),
    "unknown": ("Can't be told", "magenta"),
    "unreadable": ("Can't be read", "magenta"),
}
SHOWN = 8  # names of triggers that share their changes, or a reason


def print_drift(
    origin: str,
    base: DriftBase,
    report: DriftReport,
    unmatched: Sequence[str],
    *,
    hidden: frozenset[str],
    as_json: bool,
) -> None:
    """Print what was found, with ``hidden`` members hidden; ``unmatched`` of the selection."""
    if as_json:
        shown = [replace(each, changes=masked(each.changes, hidden)) for each in report.drifted]
        echo(msgspec.json.encode(_as_json(base, report, shown)))
    console = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
    several_targets = len({each.target for each in chain(base.triggers, base.untold)}) > 1
    for outcome in TITLES:
        for line in _section(outcome, report.drifted, hidden, target=several_targets):
            console.print(line)
    for said in (*part_lines(base.part, unmatched, "triggers"), *_sentences(origin, base, report)):
        echo(said, err=True)


def _section(
    outcome: Drifted, found: Sequence[DriftedTrigger], hidden: frozenset[str], *, target: bool
) -> Iterator[Text]:
    """The triggers of one outcome: those with the same changes, or reason, together.

    Changes that only look the same where they are ``hidden`` are told apart.
    """
    of_outcome = [each for each in found if each.outcome == outcome]
    title, style = TITLES[outcome]
    if of_outcome:
        yield Text(f"{title}: {number(len(of_outcome))}", style)
    for group in by_cause((_cause(each), each) for each in of_outcome):
        shown = replace(group[0], changes=masked(group[0].changes, hidden))
        yield from _group(outcome, [shown, *group[1:]], target=target)


def _cause(each: DriftedTrigger) -> bytes:
    return msgspec.json.encode((each.changes, None if each.outcome == "gone" else each.error))


def _group(outcome: Drifted, group: list[DriftedTrigger], *, target: bool) -> Iterator[Text]:
    first, names = group[0], [_name(each, target=target) for each in group]
    together = outcome == "changed" and len(group) > 1
    if together:
        yield Text(f"  {several(len(group), 'trigger')}: ", "bold") + Text(_several_names(names))
    for name in () if together else names:
        yield Text("  ") + Text(name, "bold") + _reason(first)
    if outcome == "changed" and not first.changes:
        yield Text("    ~ in what the base does not know of it", "yellow")
    yield from change_lines(first.changes)


def _reason(each: DriftedTrigger) -> Text:
    if each.error is None or each.outcome == "gone":
        return Text("")
    return Text(f": {each.error.code}: {printable(each.error.message)}")


def _name(each: DriftedTrigger, *, target: bool) -> str:
    of_domain = f"new triggers of domain {each.domain}"
    name = of_domain if each.trigger is None else f"{each.domain}/{each.trigger}"
    return printable(f"{name} (target {each.target})" if target else name)


def _several_names(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (
        f" and {number(more)} more (--json names all)" if more > 0 else ""
    )


def _sentences(origin: str, base: DriftBase, report: DriftReport) -> Iterator[str]:
    counts = ", ".join(
        f"{number(count)} {outcome}" for outcome in TITLES if (count := report.count(outcome))
    )
    held = f"{several(report.base, 'trigger')} of the base held, {number(report.read)} read"
    yield f"{held}: {number(report.same)} as in the base{', ' if counts else ''}{counts}."
    if base.in_part:
        known = "only the members that the run's updates set are held: it kept no more of them"
        yield f"Of {several(base.in_part, 'trigger')} {known}."
    if base.unheld:
        left = "of triggers that the run left in no state that it knows (refused, stale, no result)"
        yield f"Not held: {several(base.unheld, 'update')} {left}."
    for path in base.followed_by:
        yield f"After this run came {path}: its changes are drift of this one."
    if not report.complete:
        yield "What can't be told is no proof of anything: look again once it can be read."
    elif not report.has_drift:
        yield "No drift."
    elif base.run is None and origin != "-" and "://" not in origin:
        yield from _way_back(Path(origin), report)


def _way_back(path: Path, report: DriftReport) -> Iterator[str]:
    """The command that shows what putting an export back would change."""
    gone = report.count("gone")
    if gone or report.count("changed"):
        command = next_command("plan", path, *(["--create-missing"] if gone else []))
        yield f"What putting it back would change: {command}"


def _as_json(
    base: DriftBase, report: DriftReport, found: Sequence[DriftedTrigger]
) -> dict[str, Any]:
    summary: dict[str, Any] = {"base": report.base, "same": report.same, "read": report.read}
    summary |= {outcome: report.count(outcome) for outcome in TITLES}
    summary |= {"in_part": base.in_part, "unheld": base.unheld}
    summary |= {"followed_by": [str(each) for each in base.followed_by]}
    if base.part is not None:
        summary["selection"] = base.part
    return {"triggers": found, "summary": summary}
